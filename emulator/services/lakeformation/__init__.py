"""Lake Formation of the embedded AWS: settings, locations, LF-Tags, permissions and data filters, recorded as AWS does.

Nothing is enforced: a query reads what it asks for, whoever asks. docs/governance.md says how access is proven.

Source: AWS Lake Formation API reference.
"""
