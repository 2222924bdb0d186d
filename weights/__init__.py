"""Presets that ship with deepface_models; installed as `deepface_models.weights`."""
