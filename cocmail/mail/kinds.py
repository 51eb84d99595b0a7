"""Tables of media types.

The rule: data only. What a type means for a message is decided where it is read.
"""

from __future__ import annotations

# What a mail program adds to what a person writes (RFC 3156, RFC 8551, RFC 6350; Outlook's own format).
SIGNATURES = frozenset(
    "application/pgp-signature application/pgp-keys application/pkcs7-signature application/x-pkcs7-signature"
    " application/ms-tnef text/vcard text/x-vcard text/directory".split()
)
# How a file without a name is called.
EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv", "text/vcard": "vcf",
    "text/x-vcard": "vcf", "text/rfc822-headers": "txt", "message/delivery-status": "txt",
    "message/disposition-notification": "txt", "message/feedback-report": "txt", "image/png": "png",
    "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/heic": "heic", "audio/mpeg": "mp3",
    "audio/mp4": "m4a", "video/mp4": "mp4", "application/pdf": "pdf", "application/zip": "zip",
    "application/pgp-signature": "asc", "application/pgp-encrypted": "asc", "application/pgp-keys": "asc",
    "application/pkcs7-mime": "p7m", "application/x-pkcs7-mime": "p7m", "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s", "application/ms-tnef": "dat", "application/json": "json",
}  # fmt: skip
