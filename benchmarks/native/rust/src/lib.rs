//! The night of discounts in Rust, behind three doors: a line, a list of lines, and a buffer of them.
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::HashMap;

fn found(pence: i64, bounds: &[i64], permille: &[i64]) -> i64 {
    pence * permille[bounds.partition_point(|bound| *bound <= pence)] / 1000
}

/// A contract that was handed over once, and stays on this side.
#[pyclass]
struct Contract {
    bounds: Vec<i64>,
    permille: Vec<i64>,
}

#[pymethods]
impl Contract {
    #[new]
    fn new(bounds: Vec<i64>, permille: Vec<i64>) -> Self {
        Contract { bounds, permille }
    }

    fn of_line(&self, pence: i64) -> i64 {
        found(pence, &self.bounds, &self.permille)
    }

    fn of_list(&self, lines: Vec<i64>) -> Vec<i64> {
        lines.iter().map(|pence| found(*pence, &self.bounds, &self.permille)).collect()
    }

    fn of_buffer<'py>(&self, python: Python<'py>, tape: &[u8]) -> &'py PyBytes {
        let given: Vec<u8> = python.allow_threads(|| {
            tape.chunks_exact(4)
                .flat_map(|four| {
                    let pence = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
                    found(pence as i64, &self.bounds, &self.permille).to_le_bytes()
                })
                .collect()
        });
        PyBytes::new(python, &given)
    }
}

/// How many steps all numbers below a limit take to 1: arithmetic, and nothing else.
#[pyfunction]
fn collatz(limit: i64) -> i64 {
    let mut steps = 0;
    for start in 1..limit {
        let mut number = start;
        while number != 1 {
            number = if number % 2 != 0 { number * 3 + 1 } else { number / 2 };
            steps += 1;
        }
    }
    steps
}

/// How often each word of a text occurs.
#[pyfunction]
fn words(text: &str) -> HashMap<&str, u32> {
    let mut found = HashMap::new();
    for word in text.split_whitespace() {
        *found.entry(word).or_insert(0) += 1;
    }
    found
}

/// A function with nothing to do: what a call costs.
#[pyfunction]
fn same(pence: i64) -> i64 {
    pence
}

#[pymodule]
fn ladder(_python: Python<'_>, module: &PyModule) -> PyResult<()> {
    module.add_class::<Contract>()?;
    module.add_function(wrap_pyfunction!(collatz, module)?)?;
    module.add_function(wrap_pyfunction!(words, module)?)?;
    module.add_function(wrap_pyfunction!(same, module)?)
}
