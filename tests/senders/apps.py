"""Programs that people run themselves, and services that came later, written from their documentation and code alone."""

import json
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from families import Basic, Mac, Query, Token, equal
from request import Refused


@dataclass
class BodyField:
    """The secret itself in a field of a JSON body."""

    name: str

    def sign(self, request):
        request.body = json.dumps(json.loads(request.body) | {self.name: request.secret}).encode()

    def check(self, request):
        equal(json.loads(request.body).get(self.name), request.secret)


@dataclass
class FormField:
    """The secret itself in a field of a form, or in the JSON that such a field holds."""

    name: str
    inner: str = ""

    def sign(self, request):
        fields = parse_qsl(request.body.decode(), keep_blank_values=True)
        request.body = urlencode([(name, self.signed(name, value, request.secret)) for name, value in fields]).encode()

    def signed(self, name, value, secret):
        if name != self.name:
            return value
        return json.dumps(json.loads(value) | {self.inner: secret}) if self.inner else secret

    def check(self, request):
        found = [value for name, value in parse_qsl(request.body.decode()) if name == self.name]
        if len(found) != 1:
            raise Refused(f"not one {self.name}")
        equal(json.loads(found[0]).get(self.inner) if self.inner else found[0], request.secret)


REFERENCES = {
    # Programs whose requests carry whatever header their owner enters.
    # https://github.com/caronc/apprise/blob/master/apprise/plugins/custom_json.py
    "apprise": Token("x-webhook-secret"),
    # https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
    "argo-cd": Token("x-webhook-secret"),
    # https://docs.crowdsec.net/docs/local_api/notification_plugins/http
    "crowdsec": Token("x-webhook-secret"),
    # https://docs.datadoghq.com/integrations/webhooks/
    "datadog": Token("x-webhook-secret"),
    # https://crazymax.dev/diun/notif/webhook/
    "diun": Token("x-webhook-secret"),
    # https://fluxcd.io/flux/components/notification/providers/#generic-webhook
    "flux-generic": Token("x-webhook-secret"),
    # https://github.com/0x2142/frigate-notify/blob/main/docs/config/file.md
    "frigate": Token("x-webhook-secret"),
    # https://github.com/TwiN/gatus/blob/master/alerting/provider/custom/custom.go
    "gatus": Token("x-webhook-secret"),
    # https://github.com/jellyfin/jellyfin-plugin-webhook
    "jellyfin": Token("x-webhook-secret"),
    # https://docs.nextcloud.com/server/latest/admin_manual/webhook_listeners/index.html
    "nextcloud": Token("x-webhook-secret"),
    # https://pve.proxmox.com/pve-docs/chapter-notifications.html#notification_targets_webhook
    "proxmox": Token("x-webhook-secret"),
    # https://kb.synology.com/en-global/DSM/help/DSM/AdminCenter/system_notification_push
    "synology": Token("x-webhook-secret"),
    # Programs that send a secret as it is.
    # https://docs.jfrog.com/integrations/docs/predefined-webhooks
    "artifactory": Token("x-jfrog-event-auth"),
    # https://docs.documenso.com/developers/webhooks
    "documenso": Token("x-documenso-secret"),
    # https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
    "harbor": Token("authorization"),
    # https://docs.overseerr.dev/using-overseerr/notifications/webhooks
    "jellyseerr": Token("authorization"),
    "overseerr": Token("authorization"),
    # https://ko-fi.com/manage/webhooks
    "ko-fi": FormField("data", "verification_token"),
    # https://github.com/Lidarr/Lidarr/tree/develop/src/NzbDrone.Core/Notifications/Webhook
    "lidarr": Basic(),
    # https://developers.mattermost.com/integrate/webhooks/outgoing/
    "mattermost": BodyField("token"),
    # https://docs.moyasar.com/api/other/webhooks/verify-webhook
    "moyasar": BodyField("secret_token"),
    # https://github.com/Prowlarr/Prowlarr/tree/develop/src/NzbDrone.Core/Notifications/Webhook
    "prowlarr": Basic(),
    # https://github.com/Radarr/Radarr/tree/develop/src/NzbDrone.Core/Notifications/Webhook
    "radarr": Basic(),
    # https://www.revenuecat.com/docs/integrations/webhooks
    "revenuecat": Token("authorization"),
    # https://github.com/RocketChat/Rocket.Chat/blob/develop/apps/meteor/app/integrations/server/lib/triggerHandler.ts
    "rocket-chat": BodyField("token"),
    # https://github.com/containrrr/shoutrrr/blob/main/docs/services/generic.md
    "shoutrrr": Query("token"),
    # https://github.com/Sonarr/Sonarr/tree/develop/src/NzbDrone.Core/Notifications/Webhook
    "sonarr": Basic(),
    # https://docs.strapi.io/cms/backend-customization/webhooks
    "strapi": Token("authorization", "Bearer "),
    # https://kb.synology.com/en-us/DSM/tutorial/How_to_configure_webhooks_and_slash_commands_in_Chat_Integration
    "synology-chat": FormField("token"),
    # https://zulip.com/api/outgoing-webhook-payload
    "zulip": BodyField("token"),
    # Programs that hash the body.
    # https://github.com/discourse/discourse/blob/main/app/jobs/regular/emit_web_hook_event.rb
    "discourse": Mac("x-discourse-event-signature", before="sha256="),
    # https://github.com/EasyPost/easypost-python
    "easypost": Mac(
        "x-hmac-signature",
        before="hmac-sha256-hex=",
        key=lambda secret: unicodedata.normalize("NFKD", secret).encode(),
    ),
    # https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
    "flux": Mac("x-signature", before="sha256="),
    # https://github.com/p2-inc/keycloak-events
    "keycloak": Mac("x-keycloak-signature"),
    # https://docs.logto.io/developers/webhooks/secure-webhooks
    "logto": Mac("logto-signature-sha-256"),
    # https://github.com/opf/openproject/blob/dev/modules/webhooks/app/workers/represented_webhook_job.rb
    "openproject": Mac("x-op-signature", "sha1", before="sha1="),
    # https://github.com/makeplane/plane/blob/preview/apps/api/plane/bgtasks/webhook_task.py
    "plane": Mac("x-plane-signature"),
    # https://github.com/pulumi/examples/blob/master/aws-ts-pulumi-webhooks/index.ts
    "pulumi": Mac("pulumi-webhook-signature"),
    # https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/validation-and-versioning-of-payloads
    "snyk": Mac("x-hub-signature", before="sha256="),
    # https://github.com/taigaio/taiga-back/blob/main/taiga/webhooks/tasks.py
    "taiga": Mac("x-taiga-webhook-signature", "sha1"),
}
