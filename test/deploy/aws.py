# moto, which answers as AWS's API does, on the port that is named. Where it is stricter than AWS, or knows less:
# - It takes warnings of cfn-lint for errors, such as that a condition always comes out the same; cfn-lint itself is run on
#   the template beside it.
# - It leaves what AWS::NoValue takes out of a list in it, as nothing.

import sys

import moto.cloudformation.models as cloudformation
import moto.cloudformation.parsing as parsing
from moto.server import main

cloudformation.validate_template_cfn_lint = lambda template: []

clean = parsing.clean_json


def clean_json(resource, resources_map):
    cleaned = clean(resource, resources_map)
    return [item for item in cleaned if item is not None] if isinstance(cleaned, list) else cleaned


parsing.clean_json = clean_json

main(["-H", "127.0.0.1", "-p", sys.argv[1]])
