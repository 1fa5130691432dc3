"""DMS certificates, which are recorded: an endpoint names the certificate authority of its database.

Source: AWS DMS API reference, `ImportCertificate`.
"""

import time

from emulator.runtime.plugin import Json, operation
from emulator.services.dms.store import STORE, add_tags, certificates, matching, new_arn, refuse_duplicate


@operation
def import_certificate(request: Json) -> Json:
    identifier = request["CertificateIdentifier"].lower()
    refuse_duplicate(certificates, "CertificateIdentifier", identifier)
    arn = new_arn("cert")
    certificates[arn] = {
        "CertificateIdentifier": identifier,
        "CertificateArn": arn,
        "CertificatePem": request["CertificatePem"],
        "CertificateCreationDate": time.time(),
    }
    add_tags(arn, request)
    return STORE.save({"Certificate": certificates[arn]})


@operation
def describe_certificates(request: Json) -> Json:
    members = {"certificate-arn": "CertificateArn", "certificate-id": "CertificateIdentifier"}
    return {"Certificates": matching(certificates, request, members=members, kind="Certificate")}


@operation
def delete_certificate(request: Json) -> Json:
    certificate = STORE.find(certificates, request["CertificateArn"], kind="Certificate")
    del certificates[certificate["CertificateArn"]]
    return STORE.save({"Certificate": certificate})
