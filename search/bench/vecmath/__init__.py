"""What `kernwright bench vecmath` measures: the errors of vecmath's functions, and their speed."""
