//! Which servers are believed.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::{Error, Result};

/// What makes a server's certificate a good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Signed for the server's name by an authority that the system trusts.
    System,
    /// Exactly the certificate in this file, PEM or DER.
    Pinned(std::path::PathBuf),
    /// Any: the user has said so.
    Any,
}

/// The TLS of one connection.
pub(super) fn config(trust: &Trust, strict: bool) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions: &[_] =
        if strict { &[&rustls::version::TLS13, &rustls::version::TLS12] } else { &[&rustls::version::TLS12] };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| failed(&error))?;
    let mut config = match trust {
        Trust::System => builder.with_root_certificates(roots()?).with_no_client_auth(),
        Trust::Any => verified(builder, Verifier { provider, pinned: None }),
        Trust::Pinned(path) => verified(builder, Verifier { provider, pinned: Some(certificate(path)?) }),
    };
    if strict {
        config.alpn_protocols = vec![b"tds/8.0".to_vec()];
    }
    Ok(Arc::new(config))
}

fn verified(
    builder: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
    verifier: Verifier,
) -> ClientConfig {
    builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
}

fn failed(reason: &dyn std::fmt::Display) -> Error {
    Error::Option { option: "TLS".into(), reason: reason.to_string() }
}

/// The system's authorities, read once.
fn roots() -> Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    });
    if roots.is_empty() {
        return Err(failed(
            &"this machine has no list of certificate authorities (on Debian: apt-get install ca-certificates); name the \
              server's certificate by ServerCertificate=FILE",
        ));
    }
    Ok(Arc::clone(roots))
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>> {
    let unreadable = |reason: &dyn std::fmt::Display| Error::Option {
        option: "ServerCertificate".into(),
        reason: format!("{}: {reason}; give a certificate in PEM or DER", path.display()),
    };
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    if bytes.starts_with(&[0x30]) {
        return Ok(CertificateDer::from(bytes));
    }
    CertificateDer::from_pem_slice(&bytes).map_err(|error| unreadable(&error))
}

/// Believes one certificate, or any; signatures of the handshake are verified in both cases.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    pinned: Option<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.pinned {
            Some(pinned) if pinned != end_entity => Err(rustls::Error::General(
                "the server shows another certificate than that of ServerCertificate".into(),
            )),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
