//! Tables for people: columns as wide as what is in them.

use console::measure_text_width;

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let heading = columns.iter().map(|column| (*column).to_owned()).collect();
        Self {
            rows: vec![heading],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Its lines; none without a row.
    pub fn lines(&self) -> Vec<String> {
        if self.rows.len() < 2 {
            return Vec::new();
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells
                    .map(|cell| measure_text_width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        self.rows.iter().map(|row| line(row, &widths)).collect()
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width + 2 - measure_text_width(cell)));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["Name", "Size"]);
        assert!(table.lines().is_empty());
        table.row(vec!["größer".to_owned(), "1".to_owned()]);
        table.row(vec!["a".to_owned(), "22".to_owned()]);
        assert_eq!(table.lines(), ["Name    Size", "größer  1", "a       22"]);
    }
}
