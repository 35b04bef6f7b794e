"""Does training leave the truth, and where does it go?"""
