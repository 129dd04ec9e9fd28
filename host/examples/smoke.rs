use bulkhead::{config::Config, registry::*};
#[tokio::main]
async fn main() {
    let config = std::env::args().nth(1).unwrap();
    let t = std::time::Instant::now();
    let r = Registry::open(Config::load(config.as_ref()).unwrap()).await.unwrap();
    println!("open {:?}", t.elapsed());
    for sql in std::env::args().skip(2) {
        let db = r.resolve(None).unwrap();
        for _ in 0..3 {
            let t = std::time::Instant::now();
            match db
                .query(Statement {
                    sql: sql.clone(),
                    params: vec![],
                    read_only: false,
                    timeout: None,
                    max_rows: 1000,
                    max_bytes: 1 << 20,
                })
                .await
            {
                Ok(a) => {
                    for s in a.sets {
                        println!(
                            "{:?} {:?} rows {} {:?}",
                            t.elapsed(),
                            s.columns.iter().map(|c| (&c.name, c.kind, &c.native_type)).collect::<Vec<_>>(),
                            s.rows,
                            s.truncated
                        );
                        for b in s.batches {
                            for row in 0..b.rows().min(4) {
                                println!("  {:?}", (0..s.columns.len()).map(|c| b.cell(c, row)).collect::<Vec<_>>());
                            }
                        }
                    }
                }
                Err(e) => println!("{:?} {:?}", t.elapsed(), e.record()),
            }
        }
    }
    r.shutdown().await;
}
