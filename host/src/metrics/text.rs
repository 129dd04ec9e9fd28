//! The numbers as OpenMetrics text.

use std::collections::BTreeMap;
use std::fmt::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::book::{Labels, Standing, book};
use super::meter::Meter;
use crate::database::State;

/// Of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const STATES: [State; 4] = [State::Idle, State::Healthy, State::Degraded, State::Down];

/// Everything that is counted, now; and how many databases are configured and can't be opened, which count nothing themselves.
///
/// # Errors
/// Never with a `String`; the formatter's.
pub(crate) fn text(unavailable: usize) -> Result<String, Error> {
    let mut registry = Registry::with_prefix("bulkhead");
    registry.register_collector(Box::new(Numbers { unavailable }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Numbers {
    unavailable: usize,
}

impl Collector for Numbers {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), Error> {
        let book = book();
        let meters = book.meters();
        let mut page = Page { encoder, meters: &meters };
        page.build_info()?;
        page.calls(&book.nowhere)?;
        page.took(&book.nowhere)?;
        page.counter("rows", "Rows in answers", None, |meter| &meter.rows)?;
        page.counter("result", "Bytes of values in answers", Some(Unit::Bytes), |meter| &meter.bytes)?;
        page.counter("policy_refusals", "Statements that the policy refused", None, |meter| &meter.refused)?;
        page.counter("instances_created", "Instances of drivers that were made, one for each connection", None, |meter| {
            &meter.created
        })?;
        page.gauge("instances", "Instances of drivers, now", None, |meter| &meter.alive)?;
        page.gauge("instances_memory", "Linear memory of the instances, now", Some(Unit::Bytes), |meter| &meter.memory)?;
        page.guests()?;
        page.traps()?;
        page.evictions()?;
        page.breakers()?;
        page.standings(&book.standings(), self.unavailable)?;
        page.reloads(book.reloads_taken.load(Ordering::Relaxed), book.reloads_refused.load(Ordering::Relaxed))
    }
}

struct Page<'a, 'e> {
    encoder: DescriptorEncoder<'e>,
    meters: &'a [(Labels, Arc<Meter>)],
}

fn of((database, driver): &Labels) -> [(&'static str, &str); 2] {
    [("database", database), ("driver", driver)]
}

impl Page<'_, '_> {
    fn build_info(&mut self) -> Result<(), Error> {
        let mut metric = self.encoder.encode_descriptor("build", "What runs", None, MetricType::Info)?;
        metric.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }

    fn calls(&mut self, nowhere: &Meter) -> Result<(), Error> {
        let help = "Calls of tools, by the database they went to last (empty: to none) and by outcome: ok, or the kind of error";
        let mut metric = self.encoder.encode_descriptor("calls", help, None, MetricType::Counter)?;
        let nowhere = [("".into(), "".into())].into_iter().map(|labels| (labels, nowhere));
        for (labels, meter) in self.meters.iter().map(|(labels, meter)| (labels.clone(), &**meter)).chain(nowhere) {
            for (tool, outcome, count) in meter.calls() {
                let [database, driver] = of(&labels);
                let labels = [database, driver, ("tool", tool.as_str()), ("outcome", outcome)];
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        Ok(())
    }

    fn took(&mut self, nowhere: &Meter) -> Result<(), Error> {
        let help = "How long calls of tools took, waiting for connections included";
        let mut metric = self.encoder.encode_descriptor("call_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        let nowhere = [("".into(), "".into())].into_iter().map(|labels| (labels, nowhere));
        for (labels, meter) in self.meters.iter().map(|(labels, meter)| (labels.clone(), &**meter)).chain(nowhere) {
            let (sum, count, buckets) = meter.took.read();
            if count > 0 {
                metric.encode_family(&of(&labels))?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }

    fn counter(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        number: impl Fn(&Meter) -> &AtomicU64,
    ) -> Result<(), Error> {
        let mut metric = self.encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?;
        for (labels, meter) in self.meters {
            let count = number(meter).load(Ordering::Relaxed);
            metric.encode_family(&of(labels))?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<Unit>, number: impl Fn(&Meter) -> &AtomicI64) -> Result<(), Error> {
        let mut metric = self.encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, meter) in self.meters {
            metric.encode_family(&of(labels))?.encode_gauge(&number(meter).load(Ordering::Relaxed))?;
        }
        Ok(())
    }

    fn guests(&mut self) -> Result<(), Error> {
        let help = "Time in which drivers, and what they call of the host, computed: by the clock, without the time they waited";
        let mut metric = self.encoder.encode_descriptor("guest", help, Some(&Unit::Seconds), MetricType::Counter)?;
        for (labels, meter) in self.meters {
            let seconds = Duration::from_nanos(meter.guest.load(Ordering::Relaxed)).as_secs_f64();
            metric.encode_family(&of(labels))?.encode_counter::<NoLabelSet, f64, f64>(&seconds, None)?;
        }
        Ok(())
    }

    fn traps(&mut self) -> Result<(), Error> {
        let help = "Instances that were thrown away in the middle of their work";
        let mut metric = self.encoder.encode_descriptor("traps", help, None, MetricType::Counter)?;
        for (labels, meter) in self.meters {
            for (kind, count) in meter.traps() {
                let [database, driver] = of(labels);
                metric
                    .encode_family(&[database, driver, ("kind", kind)])?
                    .encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        Ok(())
    }

    fn evictions(&mut self) -> Result<(), Error> {
        let help = "Connections that were closed between calls";
        let mut metric = self.encoder.encode_descriptor("evictions", help, None, MetricType::Counter)?;
        for (labels, meter) in self.meters {
            for (reason, count) in meter.evictions() {
                let [database, driver] = of(labels);
                let labels = [database, driver, ("reason", reason)];
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        Ok(())
    }

    fn breakers(&mut self) -> Result<(), Error> {
        let help = "Times that a database was found to be down (open), and to be back (closed)";
        let mut metric = self.encoder.encode_descriptor("breaker_transitions", help, None, MetricType::Counter)?;
        for (labels, meter) in self.meters {
            for (to, count) in [("open", &meter.opened), ("closed", &meter.closed)] {
                let [database, driver] = of(labels);
                let count = count.load(Ordering::Relaxed);
                metric.encode_family(&[database, driver, ("to", to)])?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        Ok(())
    }

    /// Pools and states: of databases that share their labels, the sums and the worst.
    fn standings(&mut self, all: &[(Option<Labels>, Standing)], unavailable: usize) -> Result<(), Error> {
        let mut used: BTreeMap<&Labels, (State, [usize; 4])> = BTreeMap::new();
        for (labels, standing) in all {
            let Some(labels) = labels else { continue };
            let (state, pool) = used.entry(labels).or_insert((State::Idle, [0; 4]));
            let now = standing.pool;
            *state = standing.state.max(*state);
            for (sum, number) in pool.iter_mut().zip([now.max, now.open, now.idle, now.waiting]) {
                *sum += number;
            }
        }
        let help = "Connections: the most there may be, those open, those open and unused; and calls that wait for one";
        let mut metric = self.encoder.encode_descriptor("pool", help, None, MetricType::Gauge)?;
        for (labels, (_, numbers)) in &used {
            for (of_what, number) in ["max", "open", "idle", "waiting"].iter().zip(numbers) {
                let [database, driver] = of(labels);
                metric.encode_family(&[database, driver, ("state", *of_what)])?.encode_gauge(number)?;
            }
        }
        let help = "1 for the state that a database is in";
        let mut metric = self.encoder.encode_descriptor("database_state", help, None, MetricType::Gauge)?;
        for (labels, (state, _)) in &used {
            for known in STATES {
                let [database, driver] = of(labels);
                let labels = [database, driver, ("state", known.name())];
                metric.encode_family(&labels)?.encode_gauge(&i64::from(known == *state))?;
            }
        }
        let help = "Databases and the other catalogs in use on their servers, by state";
        let mut metric = self.encoder.encode_descriptor("databases", help, None, MetricType::Gauge)?;
        for known in STATES {
            let count = all.iter().filter(|(_, standing)| standing.state == known).count();
            let count = count + if known == State::Down { unavailable } else { 0 };
            metric.encode_family(&[("state", known.name())])?.encode_gauge(&count)?;
        }
        Ok(())
    }

    fn reloads(&mut self, taken: u64, refused: u64) -> Result<(), Error> {
        let help = "Times that the configuration was read anew: taken, or refused";
        let mut metric = self.encoder.encode_descriptor("config_reloads", help, None, MetricType::Counter)?;
        for (outcome, count) in [("ok", taken), ("failed", refused)] {
            metric.encode_family(&[("outcome", outcome)])?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
        }
        Ok(())
    }
}
