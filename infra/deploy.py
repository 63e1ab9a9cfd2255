#!/usr/bin/env python3
"""Build and deploy to AWS: deploy.py [NAME=VALUE ...] sets parameters of template.yaml.

Parameters that are not named keep the value of the last deployment, but Architecture, which is arm64 unless named.
The admin token is made at the first deployment and stays in .bellhop/admin-token; AWS gets its hash.
"""

import os
import re
import sys

import admin_token
import sam

TOKEN = sam.ROOT / ".bellhop" / "admin-token"


def main() -> None:
    """Deploy with the parameters of the command line."""
    wrong = [pair for pair in sys.argv[1:] if not re.fullmatch(r"[A-Za-z0-9]+=.+", pair)]
    if wrong:
        raise SystemExit(f"not NAME=VALUE: {wrong[0]}\n\n{__doc__}")
    parameters = dict(pair.split("=", 1) for pair in sys.argv[1:])
    parameters.setdefault("Architecture", "arm64")
    parameters["AdminTokenSha256"] = admin_token.digest(admin_token.ensure(TOKEN))
    built = sam.build(parameters["Architecture"])
    sam.deploy(built, os.environ.get("SAM_CONFIG_ENV", "default"), parameters, {})
    print("Next: tell the stack your hooks, with the BaseUrl from above:")
    print(f"  BELLHOP_ADMIN_TOKEN=$(cat {TOKEN.relative_to(sam.ROOT)}) bellhop apply --url BASE_URL --config bellhop.toml")


if __name__ == "__main__":
    main()
