//! Certificates: those a user adds, and why one of a server is not accepted.
use reqwest::Certificate;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::{CertificateError, Error as RustlsError};

use crate::error::Error;
use crate::reason::{CaFlaw, TlsFailure};

/// Reads the certificates of a PEM file. A private key in it is refused: the
/// file is going to be read again and again, and a key has no place there.
pub(crate) fn read_ca(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    let invalid = |flaw| Error::InvalidCa { flaw };
    let mut certificates = Vec::new();
    for section in <(SectionKind, Vec<u8>) as PemObject>::pem_slice_iter(pem) {
        match section.map_err(|_| invalid(CaFlaw::Unreadable))? {
            (SectionKind::Certificate, der) => {
                let mut store = rustls::RootCertStore::empty();
                store
                    .add(der.clone().into())
                    .map_err(|_| invalid(CaFlaw::Unreadable))?;
                certificates
                    .push(Certificate::from_der(&der).map_err(|_| invalid(CaFlaw::Unreadable))?);
            }
            (
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            ) => return Err(invalid(CaFlaw::PrivateKey)),
            _ => {}
        }
    }
    if certificates.is_empty() {
        return Err(invalid(CaFlaw::NoCertificate));
    }
    Ok(certificates)
}

/// The kind of a failed handshake.
pub(crate) fn failure_of(error: &RustlsError) -> TlsFailure {
    match error {
        RustlsError::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFailure::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFailure::WrongName
            }
            CertificateError::Revoked => TlsFailure::Revoked,
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsFailure::UnknownIssuer
            }
            _ => TlsFailure::Other,
        },
        RustlsError::InvalidMessage(_) => TlsFailure::NotTls,
        _ => TlsFailure::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_certificate_say_what_is_wrong() {
        let flaw = |pem: &str| match read_ca(pem.as_bytes()) {
            Err(Error::InvalidCa { flaw }) => Some(flaw),
            _ => None,
        };
        assert_eq!(flaw(""), Some(CaFlaw::NoCertificate));
        assert_eq!(flaw("just some text"), Some(CaFlaw::NoCertificate));
        assert_eq!(
            flaw("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            Some(CaFlaw::Unreadable)
        );
        assert_eq!(
            flaw("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            Some(CaFlaw::PrivateKey)
        );
    }

    #[test]
    fn a_certificate_is_read() {
        let made = rcgen::generate_simple_self_signed(vec!["ca.example".to_owned()]).unwrap();
        assert_eq!(read_ca(made.cert.pem().as_bytes()).unwrap().len(), 1);
    }
}
