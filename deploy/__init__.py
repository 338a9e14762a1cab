"""How KeQiao is put on a machine: the local stack, the image and the settings of each server."""
