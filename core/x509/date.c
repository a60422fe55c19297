/* Dates: see date.h. */
#include "x509/date.h"

#include <stdio.h>

enum { DAY = 24 * 60 * 60 };

static int digits(rfctls__bytes text, size_t at, size_t count, int *out) {
  *out = 0;
  for (size_t i = at; i < at + count; i++) {
    if (i >= text.size || text.data[i] < '0' || text.data[i] > '9') {
      return 0;
    }
    *out = *out * 10 + text.data[i] - '0';
  }
  return 1;
}

/* Days since 1970 of a day of the Gregorian calendar, which is the same every 400 years. */
static int64_t days_of(int year, int month, int day) {
  int64_t years = month > 2 ? year : year - 1, era = (years >= 0 ? years : years - 399) / 400;
  int64_t of_era = years - era * 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static int days_in(int year, int month) {
  static const int usual[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : usual[month - 1];
}

/* RFC 5280 section 4.1.2.5: to the second, in UTC. */
int rfctls__date_read(const rfctls__der *date, int64_t *out) {
  rfctls__bytes text = date->content;
  size_t years = date->tag == RFCTLS__DER_UTC_TIME ? 2 : 4;
  int year, month, day, hour, minute, second;
  if ((date->tag != RFCTLS__DER_UTC_TIME && date->tag != RFCTLS__DER_TIME) ||
      text.size != years + 11 || text.data[text.size - 1] != 'Z' ||
      !digits(text, 0, years, &year) || !digits(text, years, 2, &month) ||
      !digits(text, years + 2, 2, &day) || !digits(text, years + 4, 2, &hour) ||
      !digits(text, years + 6, 2, &minute) || !digits(text, years + 8, 2, &second)) {
    return 0;
  }
  if (years == 2) {
    year += year < 50 ? 2000 : 1900;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 ||
      minute > 59 || second > 59) {
    return 0;
  }
  *out = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return 1;
}

/* The day of the Gregorian calendar, which is the same every 400 years (146097 days). */
void rfctls__date_write(int64_t seconds, char out[RFCTLS__DATE_SIZE]) {
  int64_t days = seconds / DAY - (seconds % DAY < 0) + 719468; /* since 0000-03-01 */
  int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
  int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  (void)snprintf(out, RFCTLS__DATE_SIZE, "%04d-%02d-%02d", (int)(year + era * 400 + (month >= 10)),
                 (int)(month < 10 ? month + 3 : month - 9),
                 (int)(of_year - (153 * month + 2) / 5 + 1));
}
