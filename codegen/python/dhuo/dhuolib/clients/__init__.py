"""The clients of DHuOlib."""
