"""Street lighting: luminaires, illuminance on the ground, classes of EN 13201, lit and dark."""
