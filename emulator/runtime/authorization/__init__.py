"""Who may: one step before the handler of each request, which decides as IAM does.

`step` finds the action and resources of a request (`actions`, `resources`, `implied`), collects the policies that apply
(`collection`), decides (`evaluation`, with `policies`, `patterns` and `conditions`), records the decision (`records`)
and answers a denial in the protocol of the service (`answers`).
"""
