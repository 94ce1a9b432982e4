# moto, which answers as AWS's API does, on the port that is named. Where it is stricter than AWS, or knows less:
# - It takes warnings of cfn-lint for errors, such as that a condition always comes out the same; cfn-lint itself is run on
#   the template beside it.
# - It updates resources whose condition is not met, which were never made: they are taken out of the template first.
# - It knows no function URL.
# - It leaves what AWS::NoValue takes out of a list in it, as nothing.

import sys

import moto.cloudformation.models as cloudformation
import moto.cloudformation.parsing as parsing
from moto.server import main

cloudformation.validate_template_cfn_lint = lambda template: []

clean = parsing.clean_json


def clean_json(resource, resources_map):
    if isinstance(resource, dict) and resource.get("Fn::GetAtt", [None])[-1] == "FunctionUrl":
        return "https://webhook.lambda-url.eu-central-1.on.aws/"
    cleaned = clean(resource, resources_map)
    return [item for item in cleaned if item is not None] if isinstance(cleaned, list) else cleaned


parsing.clean_json = clean_json



def is_met(condition, conditions):
    if isinstance(condition, str):
        return is_met(conditions[condition], conditions)
    if "Fn::Not" in condition:
        return not is_met(condition["Fn::Not"][0], conditions)
    if "Condition" in condition:
        return is_met(condition["Condition"], conditions)
    one, other = condition["Fn::Equals"]
    return one == other


def without_unmet(template):
    conditions = template.get("Conditions", {})
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or is_met(resource["Condition"], conditions)
    }
    return {**template, "Resources": resources}


create, update = parsing.ResourceMap.__init__, parsing.ResourceMap.update


def create_without_unmet(self, *args, **kwargs):
    create(self, *args, **{**kwargs, "template": without_unmet(kwargs["template"])})


parsing.ResourceMap.__init__ = create_without_unmet
parsing.ResourceMap.update = lambda self, template, parameters=None: update(
    self, without_unmet(template), parameters
)

main(["-H", "127.0.0.1", "-p", sys.argv[1]])
