//! What is asked of the file, in SQL.

use pullmedic_model::incident::Query;
use rusqlite::types::Value;

/// Those that are not resolved, and those resolved since ?1, oldest first.
pub(crate) const UNFINISHED: &str =
    "SELECT number FROM incident WHERE ended_at IS NULL OR ended_at >= ?1 ORDER BY seen_at, id";

/// Forgets at most ?2 of those resolved before ?1, the longest resolved first.
pub(crate) const FORGET: &str = "DELETE FROM incident WHERE number IN \
    (SELECT number FROM incident WHERE ended_at < ?1 ORDER BY ended_at, number LIMIT ?2)";

/// The numbers of those asked for, newest first. They are sorted without their documents, which may be long.
pub(crate) fn asked(query: &Query) -> (String, Vec<Value>) {
    let mut sql = String::from("SELECT number FROM incident");
    let mut values = Vec::new();
    let mut only = Vec::new();
    if let Some(namespace) = &query.namespace {
        sql.push_str(" JOIN touched ON touched.incident = incident.number");
        only.push("touched.namespace = ?");
        values.push(Value::from(namespace.clone()));
    }
    if let Some(cause) = query.cause {
        only.push("cause = ?");
        values.push(Value::from(cause.code().to_owned()));
    }
    if let Some(since) = query.since {
        only.push("changed_at >= ?");
        values.push(Value::from(since.as_microsecond()));
    }
    for (nth, only) in only.into_iter().enumerate() {
        sql.push_str(if nth == 0 { " WHERE " } else { " AND " });
        sql.push_str(only);
    }
    sql.push_str(" ORDER BY changed_at DESC, number DESC");
    (sql, values)
}

#[cfg(test)]
mod tests {
    use pullmedic_model::Cause;
    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::schema::{STEPS, migrate};

    #[test]
    fn every_question_is_answered_by_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0, STEPS).unwrap();
        let shop = || Some("shop".to_owned());
        let since = Some(jiff::Timestamp::UNIX_EPOCH);
        let cause = Some(Cause::Dns);
        let mut questions: Vec<(String, Vec<Value>)> = [
            Query::default(),
            Query { namespace: shop(), ..Query::default() },
            Query { cause, ..Query::default() },
            Query { since, ..Query::default() },
            Query { namespace: shop(), cause, ..Query::default() },
            Query { namespace: shop(), since, ..Query::default() },
            Query { cause, since, ..Query::default() },
            Query { namespace: shop(), cause, since, limit: Some(3) },
        ]
        .iter()
        .map(asked)
        .collect();
        questions.push((UNFINISHED.to_owned(), vec![0.into()]));
        questions.push((FORGET.to_owned(), vec![0.into(), 5.into()]));
        for (sql, values) in questions {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> = statement
                .query_map(params_from_iter(values), |row| row.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert!(!plan.is_empty());
            assert!(
                !plan.iter().any(|line| line.starts_with("SCAN") && !line.contains("INDEX")),
                "{sql}: {plan:?}"
            );
        }
    }
}
