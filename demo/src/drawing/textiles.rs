//! Cushions, throws, towels and rugs.

use super::Drawing;
use super::canvas::{Canvas, Ink};
use super::colour::Colour;
use super::colour::palette::{
    BISQUE, BLACK, CHALK, CLAY, COBALT, INK, OCHRE, OLIVE, PLUM, RUST, SAGE, SAND, SLATE, TIDE, WALNUT, WHITE,
};
use super::outline::{Outline, diamond, ellipse, rectangle, together};
use super::scene::{Room, shadow, shadow_on_wall};

/// How a thing of this slug is drawn.
pub(super) fn find(slug: &str) -> Option<Drawing> {
    Some(match slug {
        "woven-cushion" => |canvas| cushion(canvas, Colour::hex(0x00b9_663c), Colour::hex(0x00f0_e4d0)),
        "woven-cushion/cobalt" => |canvas| cushion(canvas, COBALT, CHALK),
        "orchard-cushion" => |canvas| cushion(canvas, OLIVE, Colour::hex(0x00e6_dcbe)),
        "plum-cushion" => |canvas| cushion(canvas, PLUM, Colour::hex(0x00e5_cfc4)),
        "kilim-rug" => |canvas| rug(canvas, Colour::hex(0x00e4_dac8), COBALT, RUST),
        "hearth-rug" => |canvas| rug(canvas, Colour::hex(0x00d9_c8ab), PLUM, INK),
        "hall-runner" => |canvas| rug(canvas, Colour::hex(0x00e0_dbcb), OLIVE, OCHRE),
        "linen-throw" => |canvas| folded(canvas, [SAND, COBALT, Colour::hex(0x00c7_b08d), CHALK]),
        "wool-blanket" => |canvas| folded(canvas, [SLATE, RUST, Colour::hex(0x008d_959c), BISQUE]),
        "table-linen" => |canvas| folded(canvas, [SAGE, CHALK, OCHRE, Colour::hex(0x00ea_e2d0)]),
        "striped-towel" => |canvas| towel(canvas, Colour::hex(0x00ef_eae0), Colour::hex(0x008b_4a2e)),
        "harbour-towel" => |canvas| towel(canvas, CHALK, TIDE),
        "tea-towels" => |canvas| towel(canvas, Colour::hex(0x00e9_dfc9), OLIVE),
        "bath-sheet" => |canvas| towel(canvas, Colour::hex(0x00d8_c1ad), CLAY),
        _ => return None,
    })
}

fn cushion(canvas: &mut Canvas, cloth: Colour, thread: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (206.0, 410.0), 116.0);
    let edge = || {
        Outline::from((70.0, 176.0))
            .bend((72.0, 166.0), (84.0, 170.0))
            .curve((130.0, 188.0), (270.0, 188.0), (316.0, 170.0))
            .bend((328.0, 166.0), (330.0, 176.0))
            .curve((314.0, 230.0), (314.0, 350.0), (332.0, 404.0))
            .bend((332.0, 416.0), (318.0, 412.0))
            .curve((270.0, 398.0), (130.0, 398.0), (82.0, 412.0))
            .bend((68.0, 416.0), (68.0, 404.0))
            .curve((86.0, 350.0), (86.0, 230.0), (70.0, 176.0))
            .closed()
    };
    canvas.fill(edge(), cloth);
    canvas.within(edge(), |canvas| {
        for row in 0..6_u8 {
            weave(canvas, row, thread);
        }
    });
    let light = [
        (0.0, WHITE, 0.3),
        (0.5, WHITE, 0.0),
        (1.0, Colour::hex(0x0020_0f04), 0.5),
    ];
    canvas.fill(edge(), Ink::around((174.0, 258.0), (190.0, 178.0), &light));
}

/// A line of a cushion's pattern, and the lozenges below it.
fn weave(canvas: &mut Canvas, row: u8, thread: Colour) {
    let y = 202.0 + f32::from(row) * 35.0;
    let bow = (f32::from(row) - 2.5) * -5.0;
    let sag = |x: f32| 1.0 - ((x - 200.0) / 130.0).powi(2);
    let at = |x: f32| (x, y + bow * sag(x) * 0.9);
    let line = Outline::from(at(60.0)).bend((200.0, at(200.0).1 + bow), at(340.0));
    canvas.stroke(line.open(), if row % 2 == 1 { 2.0 } else { 5.0 }, (thread, 0.86));
    if row == 5 {
        return;
    }
    for column in 0..9_u8 {
        let x = 88.0 + f32::from(column) * 28.0;
        let lozenge = diamond((x, y + 17.5 + (bow - 2.5) * sag(x)), (8.0, 8.5));
        if row.is_multiple_of(2) {
            canvas.fill(lozenge.clone(), (thread, 0.85));
        }
        canvas.stroke(lozenge, 1.6, (thread, 0.85));
    }
}

fn rug(canvas: &mut Canvas, ground: Colour, first: Colour, second: Colour) {
    Room::WALL.draw(canvas);
    shadow_on_wall(canvas, rectangle((114.0, 64.0), (190.0, 368.0)));
    canvas.fill(rectangle((88.0, 48.0), (224.0, 7.0)), WALNUT);
    let cloth = || rectangle((104.0, 54.0), (192.0, 362.0));
    canvas.fill(cloth(), ground);
    for (y, height, colour) in [
        (66.0, 9.0, first),
        (82.0, 5.0, second),
        (370.0, 5.0, second),
        (392.0, 9.0, first),
    ] {
        canvas.fill(rectangle((104.0, y), (192.0, height)), (colour, 0.92));
    }
    for row in 0..4_u8 {
        for column in 0..3_u8 {
            let at = (136.0 + f32::from(column) * 64.0, 130.0 + f32::from(row) * 70.0);
            let is_odd = (row + column) % 2 == 1;
            let (outer, inner) = if is_odd { (first, second) } else { (second, first) };
            canvas.stroke(diamond(at, (28.0, 32.0)), 6.0, (outer, 0.9));
            canvas.fill(diamond(at, (11.0, 13.0)), (inner, 0.9));
        }
    }
    for index in 0..25_u8 {
        let x = 107.0 + f32::from(index) * 7.8;
        let lean = f32::from(index % 3) - 1.0;
        let end = f32::from(index * 5 % 4) - 2.0;
        let fringe = Outline::from((x, 416.0)).bend((x + lean, 430.0), (x + end, 443.0));
        canvas.stroke(fringe.open(), 2.6, ground.darker(0.1));
    }
    let folds = [
        (0.0, WHITE, 0.16),
        (0.35, BLACK, 0.0),
        (0.6, BLACK, 0.07),
        (0.72, WHITE, 0.08),
        (1.0, BLACK, 0.2),
    ];
    canvas.fill(cloth(), Ink::across(104.0, 296.0, &folds));
}

/// Four cloths on one another; the first colour is that of the lowest.
fn folded(canvas: &mut Canvas, colours: [Colour; 4]) {
    Room::DAY.draw(canvas);
    shadow(canvas, (206.0, 420.0), 128.0);
    for (index, colour) in (0..4_u8).zip(colours) {
        let step = f32::from(index);
        let (x, y, width) = (78.0 + step * 5.0, 372.0 - step * 46.0, 244.0 - step * 9.0);
        fold(canvas, (x, y, width), colour);
        if index.is_multiple_of(3) {
            let stripe = if index == 0 { COBALT } else { WALNUT };
            for (at, thick) in [(0.0, 3.0), (11.0, 6.0), (22.0, 3.0)] {
                let line = rectangle((x + width * 0.62 + at, y + 1.0), (thick, 46.0));
                canvas.fill(line, (stripe, 0.7));
            }
        }
    }
}

fn fold(canvas: &mut Canvas, (x, y, width): (f32, f32, f32), colour: Colour) {
    let (right, low) = (x + width, y + 48.0);
    let edge = Outline::from((x + 10.0, y))
        .line((right - 22.0, y))
        .curve((right + 6.0, y), (right + 6.0, low), (right - 22.0, low))
        .line((x + 10.0, low))
        .curve((x, low), (x, y + 36.0), (x + 8.0, y + 34.6))
        .line((x + 8.0, y + 13.4))
        .curve((x, y + 12.0), (x, y), (x + 10.0, y));
    let light = [
        (0.0, colour.lighter(0.35), 1.0),
        (0.4, colour, 1.0),
        (1.0, colour.darker(0.34), 1.0),
    ];
    canvas.fill(edge.closed(), Ink::down(y, low, &light));
    let inner = Outline::from((x + 6.0, y + 24.0))
        .line((right - 40.0, y + 24.0))
        .curve(
            (right - 16.0, y + 24.0),
            (right - 16.0, y + 37.5),
            (right - 34.0, y + 38.4),
        );
    canvas.stroke(inner.open(), 1.6, (colour.darker(0.45), 0.6));
    for index in 0..14_u8 {
        let at = y + 4.0 + f32::from(index) * 3.1;
        let thread = Outline::from((x + 3.0, at)).line((x - 2.0 - f32::from(index * 7 % 4), at));
        canvas.stroke(thread.open(), 1.4, (colour.darker(0.14), 0.75));
    }
}

fn towel(canvas: &mut Canvas, cloth: Colour, stripe: Colour) {
    Room::WALL.draw(canvas);
    let cast = Outline::from((150.0, 110.0))
        .bend((200.0, 96.0), (258.0, 112.0))
        .line((290.0, 430.0))
        .bend((220.0, 446.0), (140.0, 430.0));
    shadow_on_wall(canvas, cast.closed());
    let edge = || {
        Outline::from((196.0, 96.0))
            .curve((170.0, 120.0), (138.0, 130.0), (130.0, 176.0))
            .line((116.0, 420.0))
            .bend((200.0, 440.0), (276.0, 420.0))
            .line((264.0, 176.0))
            .curve((258.0, 130.0), (228.0, 120.0), (196.0, 96.0))
            .closed()
    };
    canvas.fill(edge(), cloth);
    let stripes = [
        (318.0, 4.0),
        (328.0, 16.0),
        (350.0, 4.0),
        (378.0, 9.0),
        (393.0, 3.0),
    ];
    let stripes = stripes.map(|(y, height): (f32, f32)| {
        let lean = (y - 318.0) * 0.06;
        Outline::from((121.0 - lean, y))
            .bend((200.0, y + 17.0), (271.0 + lean, y))
            .line((271.0 + lean, y + height))
            .bend((200.0, y + 17.0 + height), (121.0 - lean, y + height))
            .closed()
    });
    canvas.fill(together(stripes), (stripe, 0.88));
    let folds = [
        (0.0, BLACK, 0.14),
        (0.16, WHITE, 0.3),
        (0.34, BLACK, 0.15),
        (0.52, WHITE, 0.28),
        (0.7, BLACK, 0.17),
        (0.85, WHITE, 0.14),
        (1.0, BLACK, 0.22),
    ];
    canvas.fill(edge(), Ink::across(116.0, 276.0, &folds));
    canvas.fill(ellipse((198.0, 88.0), (9.0, 15.0)), Colour::hex(0x008a_5f3a));
    canvas.fill(ellipse((198.0, 84.0), (12.0, 12.0)), Colour::hex(0x00a8_784c));
}
