//! The sample database: a small shipping company, made up, the same on every machine.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, params};

use crate::say;

/// Raise it when the sample changes, so that an older file is replaced. Kept in the file as `user_version`.
const EDITION: i64 = 1;
const VOYAGES: u32 = 1_200;
const CUSTOMERS: u32 = 60;

const SCHEMA: &str = "
CREATE TABLE ports (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
);
CREATE TABLE ships (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    built INTEGER NOT NULL CHECK (built > 1900),
    capacity_kg INTEGER NOT NULL CHECK (capacity_kg > 0),
    home_port_id INTEGER NOT NULL REFERENCES ports (id)
);
CREATE TABLE voyages (
    id INTEGER PRIMARY KEY,
    ship_id INTEGER NOT NULL REFERENCES ships (id),
    origin_id INTEGER NOT NULL REFERENCES ports (id),
    destination_id INTEGER NOT NULL REFERENCES ports (id),
    departed_on TEXT NOT NULL,
    days INTEGER NOT NULL,
    delayed_hours INTEGER,
    CHECK (origin_id <> destination_id)
);
CREATE INDEX voyages_by_departure ON voyages (departed_on);
CREATE INDEX voyages_by_ship ON voyages (ship_id, departed_on);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    contact TEXT,
    port_id INTEGER NOT NULL REFERENCES ports (id)
);
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY,
    voyage_id INTEGER NOT NULL REFERENCES voyages (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    goods TEXT NOT NULL,
    weight_kg INTEGER NOT NULL CHECK (weight_kg > 0),
    price_cents INTEGER NOT NULL,
    paid_on TEXT
);
CREATE INDEX shipments_by_voyage ON shipments (voyage_id);
CREATE INDEX shipments_unpaid ON shipments (customer_id) WHERE paid_on IS NULL;
CREATE VIEW unpaid AS
SELECT c.name AS customer, count(*) AS shipments, sum(s.price_cents) / 100.0 AS owed
FROM shipments s JOIN customers c ON c.id = s.customer_id
WHERE s.paid_on IS NULL
GROUP BY c.id;
";

const PORTS: [(&str, &str, f64, f64); 14] = [
    ("Rotterdam", "Netherlands", 51.95, 4.14),
    ("Hamburg", "Germany", 53.54, 9.98),
    ("Antwerp", "Belgium", 51.27, 4.34),
    ("Göteborg", "Sweden", 57.69, 11.87),
    ("Århus", "Denmark", 56.15, 10.22),
    ("Gdańsk", "Poland", 54.40, 18.66),
    ("Riga", "Latvia", 57.03, 24.09),
    ("Tallinn", "Estonia", 59.44, 24.77),
    ("Helsinki", "Finland", 60.15, 24.92),
    ("Oslo", "Norway", 59.90, 10.74),
    ("Bergen", "Norway", 60.40, 5.31),
    ("Hull", "United Kingdom", 53.74, -0.28),
    ("Le Havre", "France", 49.48, 0.11),
    ("Bilbao", "Spain", 43.35, -3.04),
];
const SHIPS: [(&str, u32, u32); 9] = [
    ("Albatross", 2004, 410_000),
    ("Bittern", 2011, 260_000),
    ("Cormorant", 1998, 350_000),
    ("Dunlin", 2017, 180_000),
    ("Eider", 2009, 520_000),
    ("Fulmar", 2020, 470_000),
    ("Gannet", 1994, 300_000),
    ("Heron", 2015, 610_000),
    ("Ibis", 2022, 240_000),
];
/// Goods, and the price of carrying a kilogram for a day in hundredths of a cent.
const GOODS: [(&str, u32); 10] = [
    ("timber", 90),
    ("machine parts", 310),
    ("coffee", 240),
    ("wine", 280),
    ("paper", 110),
    ("furniture", 200),
    ("frozen fish", 420),
    ("steel coil", 80),
    ("bicycles", 260),
    ("medicine", 900),
];
const FIRST_NAMES: [&str; 10] =
    ["Nordic", "Baltic", "Harbour", "Old Town", "Blue", "Union", "Anchor", "Beacon", "Saltmarsh", "North Sea"];
const LAST_NAMES: [&str; 6] = ["Trading", "Imports", "Foods", "Works", "Supply", "& Daughters"];

/// Makes the database unless it is there already.
pub(super) fn create(folder: &Path, name: &str) -> Result<()> {
    let file = folder.join(name);
    if file.is_file() && edition(&file).is_ok_and(|edition| edition == EDITION) {
        return Ok(());
    }
    say::step(format_args!("making the sample database {}", file.display()));
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let partial = folder.join(format!(".{name}.partial"));
    if partial.exists() {
        fs::remove_file(&partial).context("cannot remove an unfinished database")?;
    }
    let mut connection = Connection::open(&partial)?;
    let transaction = connection.transaction()?;
    let rows = fill(&transaction)?;
    transaction.pragma_update(None, "user_version", EDITION)?;
    transaction.commit()?;
    connection.execute_batch("ANALYZE")?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(&partial, &file).context("cannot put the database into place")?;
    say::note(format_args!("{rows} rows"));
    Ok(())
}

fn edition(file: &Path) -> rusqlite::Result<i64> {
    Connection::open(file)?.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn fill(db: &Transaction<'_>) -> Result<u32> {
    db.execute_batch(SCHEMA)?;
    let mut dice = Dice(EDITION.unsigned_abs());
    for (name, country, latitude, longitude) in PORTS {
        db.execute(
            "INSERT INTO ports (name, country, latitude, longitude) VALUES (?, ?, ?, ?)",
            params![name, country, latitude, longitude],
        )?;
    }
    let ports = count(PORTS.len())?;
    for (name, built, capacity) in SHIPS {
        db.execute(
            "INSERT INTO ships (name, built, capacity_kg, home_port_id) VALUES (?, ?, ?, ?)",
            params![name, built, capacity, 1 + dice.below(ports)],
        )?;
    }
    for number in 0..CUSTOMERS {
        let name = format!("{} {}", pick(&FIRST_NAMES, number)?, pick(&LAST_NAMES, number / 10)?);
        let contact = (dice.below(5) > 0).then(|| format!("office@{}.example", name.to_lowercase().replace([' ', '&'], "")));
        db.execute(
            "INSERT INTO customers (name, contact, port_id) VALUES (?, ?, ?)",
            params![name, contact, 1 + dice.below(ports)],
        )?;
    }
    let shipments = fill_voyages(db, &mut dice, ports)?;
    Ok(ports + count(SHIPS.len())? + CUSTOMERS + VOYAGES + shipments)
}

fn fill_voyages(db: &Transaction<'_>, dice: &mut Dice, ports: u32) -> Result<u32> {
    let mut shipments = 0;
    for voyage in 1..=VOYAGES {
        let origin = dice.below(ports).min(dice.below(ports));
        let destination = (origin + 1 + dice.below(ports - 1)) % ports;
        let days = 1 + dice.below(6);
        // Two years of departures, in order.
        let departed = voyage * 730 / VOYAGES;
        let delayed = (dice.below(4) == 0).then(|| 1 + dice.below(36));
        db.prepare_cached(
            "INSERT INTO voyages (ship_id, origin_id, destination_id, departed_on, days, delayed_hours)
             VALUES (?, ?, ?, date('2024-01-01', ? || ' days'), ?, ?)",
        )?
        .execute(params![1 + dice.below(count(SHIPS.len())?), 1 + origin, 1 + destination, departed, days, delayed])?;
        for _ in 0..2 + dice.below(6) {
            let &(goods, rate) = GOODS.get(dice.index(GOODS.len())?).context("no goods")?;
            let weight = 200 + dice.below(30) * dice.below(900);
            let price = u64::from(weight) * u64::from(rate) * u64::from(days) / 100;
            // What left last is mostly unpaid yet.
            let paid = (dice.below(700) + 20 > departed.saturating_sub(60)).then(|| departed + 10 + dice.below(50));
            db.prepare_cached(
                "INSERT INTO shipments (voyage_id, customer_id, goods, weight_kg, price_cents, paid_on)
                 VALUES (?, ?, ?, ?, ?, date('2024-01-01', ? || ' days'))",
            )?
            .execute(params![voyage, 1 + dice.below(CUSTOMERS), goods, weight, price.cast_signed(), paid])?;
            shipments += 1;
        }
    }
    Ok(shipments)
}

fn pick<'a>(names: &[&'a str], number: u32) -> Result<&'a str> {
    let index = usize::try_from(number)? % names.len();
    names.get(index).copied().context("an empty list of names")
}

fn count(length: usize) -> Result<u32> {
    u32::try_from(length).context("a list too long")
}

/// SplitMix64: numbers that look random and are the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number under `limit`, or 0 for a limit of 0.
    fn below(&mut self, limit: u32) -> u32 {
        let number = self.next() % u64::from(limit.max(1));
        u32::try_from(number).unwrap_or(0)
    }

    fn index(&mut self, length: usize) -> Result<usize> {
        Ok(usize::try_from(self.below(count(length)?))?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_sound_and_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.db", "b.db"] {
            create(folder.path(), name).unwrap();
        }
        let db = Connection::open(folder.path().join("a.db")).unwrap();
        let other = folder.path().join("b.db");
        db.execute("ATTACH ? AS b", [other.to_str().unwrap()]).unwrap();
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert!(one("SELECT count(*) FROM shipments") > 4_000);
        assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        for table in ["ports", "ships", "voyages", "customers", "shipments"] {
            let sql = format!("SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT SELECT * FROM b.{table})");
            assert_eq!(one(&sql), 0, "{table}");
        }
        assert!(one("SELECT count(*) FROM unpaid") > 10);
        assert!(one("SELECT count(*) FROM shipments WHERE paid_on IS NOT NULL") > 1_000);
    }

    #[test]
    fn a_finished_sample_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        create(folder.path(), "a.db").unwrap();
        let before = fs::metadata(folder.path().join("a.db")).unwrap().modified().unwrap();
        create(folder.path(), "a.db").unwrap();
        assert_eq!(fs::metadata(folder.path().join("a.db")).unwrap().modified().unwrap(), before);
    }
}
