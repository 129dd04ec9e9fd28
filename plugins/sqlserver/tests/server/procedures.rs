use crate::support::{Table, connect, fresh, hinted, options, param, run, run_all, run_with};
use bulkhead_driver::Value;

/// Names and values, by name.
fn outputs(table: &Table) -> Vec<(String, String)> {
    let outputs = table.done.outputs.iter();
    let mut outputs: Vec<_> = outputs.map(|out| (out.name.clone().unwrap_or_default(), format!("{:?}", out.value))).collect();
    outputs.sort();
    outputs
}

#[test]
fn output_parameters_and_return_codes() {
    let (mut client, _) = connect();
    let name = fresh("twice");
    let body = format!(
        "CREATE PROCEDURE {name} @in int, @out int OUTPUT AS BEGIN SET @out = @in * 2; SELECT @in AS given; RETURN 7; END"
    );
    run(&mut client, &body).unwrap();
    let params = [param(Value::Int64(21)), hinted(Value::Null, "int OUTPUT")];
    let all = run_all(&mut client, &format!("EXEC {name} @p1, @p2 OUTPUT"), &params, options()).unwrap();
    let last = all.last().unwrap();
    assert_eq!(
        outputs(last),
        [("RETURN_VALUE", "Value::Int64(7)"), ("p2", "Value::Int64(42)")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(all[0].rows, [[Some("21".to_owned())]]);
    let named = run_all(&mut client, &format!("EXEC {name} @out = @p2 OUTPUT, @in = @p1"), &params, options()).unwrap();
    assert!(outputs(named.last().unwrap()).contains(&("out".to_owned(), "Value::Int64(42)".to_owned())));
    run(&mut client, &format!("DROP PROCEDURE {name}")).unwrap();
}

#[test]
fn an_output_of_a_statement() {
    let (mut client, _) = connect();
    let params = [hinted(Value::Null, "int OUTPUT")];
    let table = run_with(&mut client, "SET @p1 = 42", &params, options()).unwrap();
    assert_eq!(outputs(&table), [("p1".to_owned(), "Value::Int64(42)".to_owned())]);
    assert!(run(&mut client, "SELECT 1").unwrap().done.outputs.is_empty());
}

#[test]
fn an_error_in_a_procedure_says_where() {
    let (mut client, _) = connect();
    let name = fresh("failing");
    run(&mut client, &format!("CREATE PROCEDURE {name} AS\nBEGIN\nRAISERROR(N'inside', 16, 3);\nEND")).unwrap();
    let error = run(&mut client, &format!("EXEC {name}")).unwrap_err();
    assert_eq!(error.message, "inside");
    let context = error.context.unwrap();
    assert!(context.contains(&name) && context.contains("line 3"), "{context}");
    run(&mut client, &format!("DROP PROCEDURE {name}")).unwrap();
}
