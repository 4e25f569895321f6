"""Many runs of one case: which (`plan`), where they lie (`folder`), how they are computed (`work`, `pool`), read back
(`gather`), and what the outputs depend on (`sensitivity`).
"""
