/* What the scripts do not need to see. */
%rename("$ignore", regextarget=1) "_IS_INT$";
