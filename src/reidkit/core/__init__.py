"""Types, errors and checks that every other part of reidkit rests on."""
