"""One module a subject, one function a rule, its SQL beside it."""
