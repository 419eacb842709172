"""What people see: progress, tables, figures."""
