"""What notices do, by subject: hear, tell, deliver, and show."""
