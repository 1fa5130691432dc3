"""DMS certificates, which are recorded: an endpoint names the one of who signed its database's.

Source: AWS DMS API reference, `ImportCertificate`.
"""

import time

from emulator.runtime import plugin
from emulator.runtime.plugin import Json
from emulator.services.dms.store import certificates, described, found, keep_tags, new_arn, refuse_duplicate, saved


def register() -> None:
    """Answer the operations of certificates."""
    plugin.operations(
        "dms",
        {
            "ImportCertificate": import_certificate,
            "DescribeCertificates": describe_certificates,
            "DeleteCertificate": delete_certificate,
        },
    )


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
    keep_tags(arn, request)
    return saved({"Certificate": certificates[arn]})


def describe_certificates(request: Json) -> Json:
    names = {"certificate-arn": "CertificateArn", "certificate-id": "CertificateIdentifier"}
    return {"Certificates": described(certificates, request, names=names, kind="Certificate")}


def delete_certificate(request: Json) -> Json:
    certificate = found(certificates, request["CertificateArn"], kind="Certificate")
    del certificates[certificate["CertificateArn"]]
    return saved({"Certificate": certificate})
