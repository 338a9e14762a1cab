"""What matcher can do, by subject: facts heard, rounds, solves, drafts, the saga, offers, views."""
