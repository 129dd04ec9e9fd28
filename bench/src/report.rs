//! Figures for people, or for a script.

use crate::cpu::Cost;

/// The median of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One comparison: rounds of ours and of theirs, in turns, each as the cost of one operation.
pub(crate) fn comparison(what: &str, aim: Option<f64>, rounds: &[(Cost, Cost)], json: bool) {
    let of = |pick: fn(&(Cost, Cost)) -> f64| median(rounds.iter().map(pick).collect());
    let ours = of(|(ours, _)| ours.cpu.as_secs_f64() * 1e6);
    let theirs = of(|(_, theirs)| theirs.cpu.as_secs_f64() * 1e6);
    let cpu = of(|(ours, theirs)| ours.cpu.as_secs_f64() / theirs.cpu.as_secs_f64());
    let wall = of(|(ours, theirs)| ours.wall.as_secs_f64() / theirs.wall.as_secs_f64());
    if json {
        let line = serde_json::json!({"what": what, "cpu_us": ours, "native_cpu_us": theirs, "cpu_ratio": cpu, "wall_ratio": wall, "aim": aim});
        println!("{line}");
    } else {
        let aim = aim.map_or_else(String::new, |aim| format!("   aim {aim:.1}{}", if cpu <= aim { "" } else { "  (over)" }));
        println!("{what:<34} CPU {ours:>10.1} us   native {theirs:>10.1} us   ratio {cpu:>5.2}   wall {wall:>5.2}{aim}");
    }
}

/// One figure by itself.
pub(crate) fn figure(what: &str, value: f64, unit: &str, aim: Option<f64>, json: bool) {
    if json {
        println!("{}", serde_json::json!({"what": what, "value": value, "unit": unit, "aim": aim}));
    } else {
        let aim = aim.map_or_else(String::new, |aim| format!("   aim {aim}{}", if value <= aim { "" } else { "  (over)" }));
        println!("{what:<50} {value:>10.3} {unit}{aim}");
    }
}
