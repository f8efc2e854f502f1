"""How the demo cases come about: planned, dated, numbered and written, without a database and without a clock."""
