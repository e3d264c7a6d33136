//! Vases, tableware and planters.

use std::f32::consts::TAU;

use super::Drawing;
use super::canvas::{Canvas, Ink};
use super::colour::Colour;
use super::colour::palette::{BISQUE, CHALK, CLAY, COBALT, INK, OCHRE, OLIVE, RUST, SAGE, SAND, SLATE, TIDE};
use super::lathe::{Band, Finish, Turned};
use super::outline::{Outline, Point, ellipse, rotated};
use super::scene::{Room, shadow, shadow_on_wall};

/// How a thing of this slug is drawn.
pub(super) fn find(slug: &str) -> Option<Drawing> {
    Some(match slug {
        "olive-leaf-carafe" => |canvas| carafe(canvas, CHALK, COBALT),
        "olive-leaf-carafe/olive" => |canvas| carafe(canvas, CHALK, OLIVE),
        "olive-leaf-carafe/rust" => |canvas| carafe(canvas, CHALK, RUST),
        "fluted-vase" => |canvas| fluted_vase(canvas, BISQUE),
        "fluted-vase/tide" => |canvas| fluted_vase(canvas, TIDE),
        "garland-plate" => |canvas| plate(canvas, CHALK, COBALT),
        "dipped-cups" => |canvas| cups(canvas, SAND, OLIVE, COBALT),
        "nesting-bowls" => |canvas| bowls(canvas, [COBALT, BISQUE, CLAY]),
        "footed-planter" => |canvas| planter(canvas, CLAY),
        "moon-jar" => moon_jar,
        "bottle-vase" => bottle_vase,
        "amphora" => amphora,
        "bud-vases" => bud_vases,
        "sgraffito-vase" => sgraffito_vase,
        "meadow-plate" => |canvas| plate(canvas, Colour::hex(0x00e7_e3d4), OLIVE),
        "breakfast-bowls" => |canvas| bowls(canvas, [OCHRE, CHALK, SLATE]),
        _ => return None,
    })
}

fn carafe(canvas: &mut Canvas, body: Colour, brush: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 76.0);
    handle(canvas, body);
    let profile = [
        (118.0, 46.0),
        (128.0, 42.0),
        (170.0, 40.0),
        (205.0, 52.0),
        (260.0, 78.0),
        (320.0, 88.0),
        (380.0, 78.0),
        (418.0, 66.0),
    ];
    let line = |y: f32, width: f32| Band::Line {
        y,
        width,
        colour: brush,
    };
    let leaves = Band::Leaves {
        y: 300.0,
        height: 22.0,
        count: 11,
        colour: brush,
    };
    let bands = [
        line(246.0, 5.0),
        line(262.0, 2.4),
        leaves,
        line(344.0, 2.4),
        line(358.0, 9.0),
    ];
    Turned::open(200.0, &profile, body)
        .finish(Finish::Glaze(0.75))
        .bands(&bands)
        .draw(canvas);
}

fn handle(canvas: &mut Canvas, body: Colour) {
    let back = Outline::from((250.0, 196.0)).curve((318.0, 186.0), (330.0, 300.0), (262.0, 336.0));
    canvas.stroke(back.open(), 19.0, body.darker(0.28));
    let front = Outline::from((250.0, 195.0)).curve((313.0, 186.0), (325.0, 297.0), (261.0, 333.0));
    canvas.stroke(front.open(), 12.0, body.darker(0.08));
}

fn fluted_vase(canvas: &mut Canvas, body: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 418.0), 70.0);
    let profile = [
        (120.0, 40.0),
        (132.0, 36.0),
        (160.0, 38.0),
        (210.0, 66.0),
        (270.0, 86.0),
        (330.0, 82.0),
        (385.0, 62.0),
        (416.0, 54.0),
    ];
    Turned::open(200.0, &profile, body)
        .finish(Finish::Glaze(0.25))
        .bands(&[Band::Flutes(13)])
        .draw(canvas);
}

fn moon_jar(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 416.0), 84.0);
    let profile = [
        (176.0, 40.0),
        (190.0, 42.0),
        (206.0, 74.0),
        (250.0, 116.0),
        (300.0, 124.0),
        (350.0, 110.0),
        (394.0, 74.0),
        (416.0, 54.0),
    ];
    Turned::open(200.0, &profile, Colour::hex(0x00ec_e8df))
        .finish(Finish::Glaze(0.5))
        .draw(canvas);
}

fn bottle_vase(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 70.0);
    let profile = [
        (92.0, 22.0),
        (102.0, 17.0),
        (170.0, 16.0),
        (214.0, 26.0),
        (262.0, 66.0),
        (320.0, 86.0),
        (380.0, 74.0),
        (418.0, 52.0),
    ];
    let bands = [
        Band::Field {
            top: 60.0,
            bottom: 236.0,
            colour: SAGE.lighter(0.15),
        },
        Band::Line {
            y: 238.0,
            width: 3.0,
            colour: SAGE.darker(0.3),
        },
    ];
    Turned::open(200.0, &profile, SAGE)
        .finish(Finish::Glaze(0.7))
        .bands(&bands)
        .draw(canvas);
}

fn amphora(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 422.0), 58.0);
    for side in [-1.0, 1.0] {
        let at = |x: f32, y: f32| (200.0 + side * x, y);
        for (width, shade) in [(15.0, 0.34), (9.0, 0.12)] {
            let ear =
                Outline::from(at(30.0, 132.0)).curve(at(104.0, 110.0), at(112.0, 196.0), at(72.0, 226.0));
            canvas.stroke(ear.open(), width, CLAY.darker(shade));
        }
    }
    let profile = [
        (104.0, 42.0),
        (116.0, 34.0),
        (160.0, 32.0),
        (196.0, 58.0),
        (246.0, 90.0),
        (304.0, 84.0),
        (368.0, 50.0),
        (402.0, 34.0),
        (420.0, 42.0),
    ];
    let line = |y: f32, width: f32| Band::Line {
        y,
        width,
        colour: INK,
    };
    let dots = Band::Dots {
        y: 262.0,
        radius: 8.0,
        count: 13,
        colour: INK,
    };
    Turned::open(200.0, &profile, CLAY)
        .finish(Finish::Glaze(0.2))
        .bands(&[
            line(216.0, 3.0),
            line(228.0, 7.0),
            dots,
            line(300.0, 7.0),
            line(312.0, 3.0),
        ])
        .draw(canvas);
}

fn bud_vases(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    let glazes = [
        (118.0, 416.0, 0.86, TIDE),
        (206.0, 424.0, 1.1, CHALK),
        (296.0, 418.0, 0.8, OCHRE),
    ];
    for (x, _, size, _) in glazes {
        shadow(canvas, (x, 420.0), 40.0 * size);
    }
    for (x, floor, size, glaze) in glazes {
        stem(canvas, (x, floor - 150.0 * size));
        let profile = [
            (-150.0, 13.0),
            (-143.0, 10.0),
            (-108.0, 10.0),
            (-84.0, 26.0),
            (-44.0, 40.0),
            (-12.0, 34.0),
            (0.0, 27.0),
        ]
        .map(|(y, half)| (floor + y * size, half * size));
        Turned::open(x, &profile, glaze)
            .finish(Finish::Glaze(0.7))
            .draw(canvas);
    }
}

/// A dry stem with a few leaves.
fn stem(canvas: &mut Canvas, (x, y): Point) {
    let green = Colour::hex(0x007d_8a5e);
    let line = Outline::from((x, y + 6.0)).bend((x + 3.0, y - 40.0), (x + 16.0, y - 96.0));
    canvas.stroke(line.open(), 2.2, green.darker(0.3));
    for (rise, lean) in [(30.0, -58.0), (52.0, 64.0), (74.0, -40.0), (94.0, 30.0)] {
        let foot = (x + rise * 0.14, y - rise);
        let blade = super::outline::leaf((foot.0, foot.1 - 13.0), (6.0, 14.0));
        canvas.fill(rotated(blade, lean, foot), green);
    }
}

fn sgraffito_vase(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 78.0);
    let profile = [
        (150.0, 52.0),
        (160.0, 49.0),
        (186.0, 56.0),
        (250.0, 80.0),
        (330.0, 86.0),
        (396.0, 76.0),
        (418.0, 68.0),
    ];
    let cut = Colour::hex(0x00d8_c6a8);
    let mut bands = vec![Band::Field {
        top: 200.0,
        bottom: 372.0,
        colour: INK,
    }];
    for (row, y) in [(0, 226.0), (1, 262.0), (2, 298.0), (3, 334.0)] {
        bands.push(Band::Leaves {
            y,
            height: 14.0,
            count: 12 + row % 2,
            colour: cut,
        });
    }
    bands.extend([200.0, 372.0].map(|y| Band::Line {
        y,
        width: 3.0,
        colour: cut,
    }));
    Turned::open(200.0, &profile, Colour::hex(0x00c9_b494))
        .finish(Finish::Glaze(0.3))
        .bands(&bands)
        .draw(canvas);
}

fn plate(canvas: &mut Canvas, body: Colour, brush: Colour) {
    Room::WALL.draw(canvas);
    shadow_on_wall(canvas, ellipse((218.0, 266.0), (150.0, 150.0)));
    let middle = (200.0, 250.0);
    let light = [
        (0.0, body.lighter(0.7), 1.0),
        (0.6, body, 1.0),
        (1.0, body.darker(0.16), 1.0),
    ];
    let glaze = || Ink::around((165.0, 200.0), (230.0, 230.0), &light);
    canvas.fill(ellipse(middle, (146.0, 146.0)), glaze());
    canvas.stroke(ellipse(middle, (138.0, 138.0)), 5.0, (brush, 0.9));
    canvas.stroke(ellipse(middle, (98.0, 98.0)), 2.0, body.darker(0.14));
    canvas.fill(ellipse(middle, (94.0, 94.0)), glaze());
    for index in 0..26_u8 {
        let angle = f32::from(index) / 26.0 * TAU;
        let at = (200.0 + angle.cos() * 118.0, 250.0 + angle.sin() * 118.0);
        let petal = ellipse(at, (12.0, 5.0));
        canvas.fill(rotated(petal, angle.to_degrees(), at), (brush, 0.88));
    }
    canvas.stroke(ellipse(middle, (34.0, 34.0)), 3.4, (brush, 0.9));
    for index in 0..8_u8 {
        let petal = ellipse((200.0, 232.0), (5.0, 13.0));
        canvas.fill(rotated(petal, f32::from(index) * 45.0, middle), (brush, 0.88));
    }
}

/// Three bowls in one another; the first colour is that of the one on top.
pub(super) fn bowls(canvas: &mut Canvas, colours: [Colour; 3]) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 416.0), 104.0);
    let [top, middle, bottom] = colours;
    for (y, less, colour) in [(352.0, 0.0, bottom), (312.0, 5.0, middle), (272.0, 10.0, top)] {
        let profile = [
            (y, 112.0 - less),
            (y + 18.0, 106.0 - less),
            (y + 40.0, 84.0 - less),
            (y + 58.0, 54.0),
            (y + 64.0, 50.0),
        ];
        let bowl = if less > 5.0 {
            Turned::open(200.0, &profile, colour).inside(colour.lighter(0.25))
        } else {
            Turned::closed(200.0, &profile, colour)
        };
        bowl.finish(Finish::Glaze(0.6)).tilt(0.13).draw(canvas);
    }
}

/// Two cups that were dipped into a second glaze.
pub(super) fn cups(canvas: &mut Canvas, right: Colour, left: Colour, rim: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (142.0, 412.0), 52.0);
    shadow(canvas, (262.0, 424.0), 52.0);
    let dipped = |top: f32, bottom: f32, colour: Colour| Band::Field { top, bottom, colour };
    let small = [
        (300.0, 54.0),
        (320.0, 53.0),
        (370.0, 50.0),
        (400.0, 42.0),
        (410.0, 38.0),
    ];
    Turned::open(142.0, &small, left)
        .finish(Finish::Glaze(0.55))
        .inside(Colour::hex(0x005d_4630))
        .bands(&[dipped(290.0, 322.0, left.lighter(0.55))])
        .draw(canvas);
    let large = [
        (308.0, 56.0),
        (330.0, 55.0),
        (382.0, 52.0),
        (412.0, 44.0),
        (422.0, 40.0),
    ];
    Turned::open(262.0, &large, right)
        .finish(Finish::Glaze(0.5))
        .inside(Colour::hex(0x007c_5a3b))
        .bands(&[dipped(296.0, 326.0, rim)])
        .draw(canvas);
}

fn planter(canvas: &mut Canvas, body: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 424.0), 80.0);
    let leaves: [(f32, f32, f32); 6] = [
        (-38.0, 150.0, 26.0),
        (-16.0, 176.0, 24.0),
        (8.0, 186.0, 25.0),
        (30.0, 160.0, 26.0),
        (52.0, 120.0, 22.0),
        (-58.0, 112.0, 20.0),
    ];
    for (lean, length, width) in leaves {
        let angle = lean.to_radians();
        let reach = |share: f32| {
            (
                200.0 + angle.sin() * length * share,
                288.0 - angle.cos() * length * share,
            )
        };
        let side = (angle.cos() * width, angle.sin() * width);
        let (tip, middle) = (reach(1.0), reach(0.55));
        let blade = Outline::from((200.0, 290.0))
            .bend((middle.0 - side.0, middle.1 - side.1), tip)
            .bend((middle.0 + side.0, middle.1 + side.1), (200.0, 290.0));
        let green = if lean < 0.0 { 0x006c_8158 } else { 0x004f_6642 };
        canvas.fill(blade.closed(), Colour::hex(green));
        let rib = Outline::from((200.0, 290.0)).line(tip);
        canvas.stroke(rib.open(), 1.6, Colour::hex(0x008b_a074));
    }
    let profile = [
        (276.0, 82.0),
        (300.0, 80.0),
        (306.0, 74.0),
        (370.0, 66.0),
        (422.0, 54.0),
    ];
    Turned::open(200.0, &profile, body)
        .finish(Finish::Glaze(0.15))
        .inside(Colour::hex(0x003a_2a1c))
        .draw(canvas);
}
