"""Lake Formation: settings, locations, LF-Tags, permissions and data filters are recorded and can be read as in AWS.

Nothing is enforced: every query reads all data, for every caller.

Source: AWS Lake Formation API reference.
"""
