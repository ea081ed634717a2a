"""What stands before and between the services: who calls, what is refused, and how an answer is made."""
