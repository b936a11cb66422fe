//! The lifecycle calls of the service contract, as the platform makes them. Each call may be
//! repeated; what the service answered is sorted here, and what follows from it is decided by the
//! jobs.

use std::time::Duration;

use mintreu_model::id::RequestId;
use reqwest::{Method, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Control, Error, Result, application::work::Work};

const ANSWER_MOST: usize = 64 * 1024;
/// What a service may say to the tenant.
const DETAIL_MOST: usize = 300;
/// Where an answer says nothing about when to ask again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
const ASK_AGAIN_LATEST: Duration = Duration::from_mins(5);

/// How a service took a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// 200 or 201; 410 to a deletion.
    Done,
    /// 202.
    Working { operation: String, ask_after: Duration },
    /// 4xx: nothing was done, and asking again gives the same.
    Refused(String),
    /// It has no time now, or no connection could be made: nothing was done.
    NotNow(String),
    /// Timeout, 5xx, an answer that is none: something may have been done.
    Unsure(String),
}

/// How far an operation is.
#[derive(Debug)]
pub(crate) enum Progress {
    Working {
        description: Option<String>,
        ask_after: Duration,
    },
    Succeeded,
    Failed(String),
    /// No answer that says anything; ask again.
    Unknown(String),
}

#[derive(Deserialize)]
struct Accepted {
    operation: String,
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
    InProgress {
        #[serde(default)]
        description: Option<String>,
    },
    Succeeded {},
    Failed {
        #[serde(default)]
        description: Option<String>,
    },
}

/// An answer that was read to its end.
struct Heard {
    status: StatusCode,
    ask_after: Duration,
    body: Vec<u8>,
}

/// Why none was.
enum Silence {
    Unreached(String),
    Lost(String),
}

impl Control {
    /// A call about the application: PUT or PATCH with a body, DELETE without.
    pub(crate) async fn tell_service(
        &self,
        method: Method,
        work: &Work,
        database_url: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let deletes = method == Method::DELETE;
        Ok(match self.call_service(method, work, database_url, body, None).await? {
            Ok(heard) => heard.answer(deletes),
            Err(Silence::Unreached(detail)) => Answer::NotNow(detail),
            Err(Silence::Lost(detail)) => Answer::Unsure(detail),
        })
    }

    /// Asks how far an operation is that a call of `method` began.
    pub(crate) async fn ask_service(&self, method: &Method, work: &Work, database_url: Option<&str>, operation: &str) -> Result<Progress> {
        let deletes = *method == Method::DELETE;
        Ok(match self.call_service(Method::GET, work, database_url, None, Some(operation)).await? {
            Ok(heard) => heard.progress(deletes),
            Err(Silence::Unreached(detail) | Silence::Lost(detail)) => Progress::Unknown(detail),
        })
    }

    async fn call_service(
        &self,
        method: Method,
        work: &Work,
        database_url: Option<&str>,
        body: Option<&Value>,
        operation: Option<&str>,
    ) -> Result<std::result::Result<Heard, Silence>> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request_id: RequestId = self.id();
        let mut unreached = format!("{} has no address", work.service_title());
        for base in work.base_urls.iter().flat_map(|urls| urls.0.iter()) {
            let mut url = self.outbound.check(&format!("{}/.mintreu/v1/applications/{}", base.trim_end_matches('/'), work.id))?;
            if let Some(operation) = operation {
                url.set_path(&format!("{}/operation", url.path()));
                url.query_pairs_mut().append_pair("operation", operation);
            }
            let mut request = self
                .outbound
                .client()?
                .request(method.clone(), url)
                .header("mintreu-identity", self.identity(work, database_url, body.as_bytes())?)
                .header("x-request-id", request_id.to_string());
            if let Some(url) = database_url {
                let mut url = header::HeaderValue::from_str(url)
                    .map_err(|cause| Error::internal("the address of a database cannot be sent", cause))?;
                url.set_sensitive(true);
                request = request.header("mintreu-database-url", url);
            }
            if !body.is_empty() {
                request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
            }
            match request.send().await {
                Ok(response) => return Ok(Heard::read(response).await),
                // Nothing left this machine: the next address may do.
                Err(error) if error.is_connect() => "The service cannot be reached".clone_into(&mut unreached),
                Err(error) => return Ok(Err(Silence::Lost(lost(&error)))),
            }
        }
        Ok(Err(Silence::Unreached(unreached)))
    }
}

fn lost(error: &reqwest::Error) -> String {
    if error.is_timeout() { "The service did not answer in time".to_owned() } else { "The service broke the connection".to_owned() }
}

impl Heard {
    async fn read(mut response: Response) -> std::result::Result<Self, Silence> {
        let status = response.status();
        let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let ask_after = seconds.map_or(ASK_AGAIN, Duration::from_secs).clamp(Duration::from_secs(1), ASK_AGAIN_LATEST);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(Self { status, ask_after, body }),
                Err(error) => return Err(Silence::Lost(lost(&error))),
            }
            if body.len() > ANSWER_MOST {
                return Err(Silence::Lost("The service sent far too long an answer".to_owned()));
            }
        }
    }

    fn answer(&self, deletes: bool) -> Answer {
        match self.status.as_u16() {
            200 | 201 if self.is_empty_or_object() => Answer::Done,
            204 | 410 if deletes => Answer::Done,
            202 => match serde_json::from_slice::<Accepted>(&self.body) {
                Ok(Accepted { operation }) if !operation.is_empty() && operation.len() <= 1000 => {
                    Answer::Working { operation, ask_after: self.ask_after }
                }
                _ => Answer::Unsure("The service said that it is working, but not on what".to_owned()),
            },
            408 | 425 | 429 => Answer::NotNow("The service has no time now".to_owned()),
            400..500 => Answer::Refused(self.detail()),
            500.. => Answer::Unsure(format!("The service failed ({})", self.status.as_u16())),
            status => Answer::Unsure(format!("The service gave an answer that cannot be understood ({status})")),
        }
    }

    fn progress(&self, deletes: bool) -> Progress {
        if self.status == StatusCode::GONE {
            return if deletes { Progress::Succeeded } else { Progress::Failed("The service no longer has it".to_owned()) };
        }
        if self.status != StatusCode::OK {
            return Progress::Unknown(format!("The service answered {}", self.status.as_u16()));
        }
        match serde_json::from_slice(&self.body) {
            Ok(State::InProgress { description }) => {
                Progress::Working { description: description.map(|text| clean(&text)), ask_after: self.ask_after }
            }
            Ok(State::Succeeded {}) => Progress::Succeeded,
            Ok(State::Failed { description }) => {
                Progress::Failed(description.map_or_else(|| "The service says that it failed".to_owned(), |text| clean(&text)))
            }
            Err(_) => Progress::Unknown("The service gave an answer that cannot be understood".to_owned()),
        }
    }

    fn is_empty_or_object(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace) || serde_json::from_slice::<Map<String, Value>>(&self.body).is_ok()
    }

    /// What the service says to the tenant: the detail of a problem document, or its nearest kin.
    fn detail(&self) -> String {
        let said = serde_json::from_slice::<Value>(&self.body).ok();
        let text = said.as_ref().and_then(|said| ["detail", "description", "title"].iter().find_map(|&field| said.get(field)?.as_str()));
        text.map_or_else(|| format!("The service refused it ({})", self.status.as_u16()), clean)
    }
}

/// One bounded line without control characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DETAIL_MOST).collect::<String>().trim().to_owned()
}
