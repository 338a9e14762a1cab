"""What each kind of person does in one visit, one story a module."""
