"""What every other package stands on: files, errors, inputs, models made of parts."""
