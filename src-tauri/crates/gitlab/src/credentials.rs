//! The token in the forms in which it is sent, and taken out again of what a
//! server says.
use base64::Engine;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::options::check_token;
use crate::reason::TokenFlaw;

/// Shorter texts are no tokens of GitLab's, but may be parts of any word.
const SHORTEST: usize = 8;

/// The token in the forms in which it is sent. The headers are marked as
/// sensitive, so that no library prints them.
pub(crate) struct Credentials {
    pub(crate) api: (HeaderName, HeaderValue),
    pub(crate) basic: HeaderValue,
    token: SecretString,
    /// Name and password as git sends them.
    pair: SecretString,
}

impl Credentials {
    pub(crate) fn new(token: &SecretString) -> Result<Credentials, Error> {
        check_token(token)?;
        let flawed = |_| Error::TokenMalformed {
            flaw: TokenFlaw::ForeignCharacter,
        };
        let text = token.expose_secret();
        let sensitive = |text: String| {
            let mut value = HeaderValue::from_str(&text).map_err(flawed)?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        };
        // OAuth access tokens are 64 hexadecimal digits and are taken as a bearer
        // token only; everything else is a personal, project or group token.
        let is_oauth = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let api = if is_oauth {
            (
                http::header::AUTHORIZATION,
                sensitive(format!("Bearer {text}"))?,
            )
        } else {
            let name = HeaderName::from_static("private-token");
            (name, sensitive(text.to_owned())?)
        };
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("oauth2:{text}"));
        let basic = sensitive(format!("Basic {pair}"))?;
        Ok(Credentials {
            api,
            basic,
            token: token.clone(),
            pair: SecretString::from(pair),
        })
    }

    /// Takes the token out of what a server said before any of it is told: error
    /// pages of proxies and firewalls like to show the request's headers.
    pub(crate) fn take_out(&self, mut said: Vec<u8>) -> Vec<u8> {
        let token = self.token.expose_secret();
        if token.len() < SHORTEST {
            return said;
        }
        let escaped = [token.replace('/', "\\/"), token.replace('&', "&amp;")];
        let forms = escaped.iter().map(String::as_str);
        for form in forms.chain([token, self.pair.expose_secret()]) {
            said = without(said, form.as_bytes());
        }
        said
    }
}

/// A text with each occurrence of `form` replaced by a mark.
fn without(text: Vec<u8>, form: &[u8]) -> Vec<u8> {
    if !text.windows(form.len()).any(|window| window == form) {
        return text;
    }
    let mut rest = text.as_slice();
    let mut left = Vec::with_capacity(text.len());
    while let Some(&first) = rest.first() {
        if let Some(after) = rest.strip_prefix(form) {
            left.extend_from_slice("…".as_bytes());
            rest = after;
        } else {
            left.push(first);
            rest = &rest[1..];
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(token: &str, said: &str) -> String {
        let credentials = Credentials::new(&SecretString::from(token)).unwrap();
        String::from_utf8(credentials.take_out(said.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn the_token_is_taken_out_in_every_form_it_may_have() {
        let said = "a glpat-12/34&5678 b glpat-12\\/34&5678 c glpat-12/34&amp;5678 \
                    d b2F1dGgyOmdscGF0LTEyLzM0JjU2Nzg=";
        assert_eq!(told("glpat-12/34&5678", said), "a … b … c … d …");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for said in ["", "glpat", "403 Forbidden - glpat-123456"] {
            assert_eq!(told("glpat-1234567890", said), said);
        }
        // A text so short is a part of other words.
        assert_eq!(told("or", "Error"), "Error");
    }
}
