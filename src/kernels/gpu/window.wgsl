// Rows or columns of a max pool's result.
fn pooled(side: u32) -> u32 {
    return (side + 1u) / 2u;
}

// Where the first of the largest numbers of a window is.
fn largest(window: u32) -> u32 {
    let height = info[1];
    let width = info[2];
    let columns = pooled(width);
    let results = pooled(height) * columns;
    let plane = window / results * height * width;
    // The middle of the window, which no padding hides.
    let row = window % results / columns * 2u;
    let column = window % columns * 2u;
    var place = plane + (row - min(row, 1u)) * width + column - min(column, 1u);
    for (var i = row - min(row, 1u); i <= min(row + 1u, height - 1u); i++) {
        for (var j = column - min(column, 1u); j <= min(column + 1u, width - 1u); j++) {
            let next = plane + i * width + j;
            if beats(x[next], x[place]) {
                place = next;
            }
        }
    }
    return place;
}
