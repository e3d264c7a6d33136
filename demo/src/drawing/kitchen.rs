//! Bottles, jars, mills and wood.

use super::Drawing;
use super::canvas::{Canvas, Ink};
use super::ceramics::{bowls, cups};
use super::colour::Colour;
use super::colour::palette::{
    BISQUE, CHALK, CLAY, COBALT, INK, OAK, OCHRE, OLIVE, RUST, SAGE, SLATE, TIDE, WALNUT,
};
use super::lathe::{Band, Finish, Turned};
use super::outline::{Outline, Point, ellipse};
use super::scene::{Room, shadow, shadow_on_wall};

/// How a thing of this slug is drawn.
pub(super) fn find(slug: &str) -> Option<Drawing> {
    Some(match slug {
        "oil-bottle" => |canvas| bottle(canvas, OLIVE),
        "vinegar-bottle" => |canvas| bottle(canvas, Colour::hex(0x008f_4f2c)),
        "pepper-mill" => pepper_mill,
        "mortar" => mortar,
        "salt-crock" => |canvas| lidded(canvas, CHALK, COBALT),
        "bread-crock" => |canvas| lidded(canvas, SAGE, OLIVE),
        "storage-jars" => storage_jars,
        "utensil-crock" => utensil_crock,
        "oak-board" => oak_slab,
        "cake-stand" => cake_stand,
        "mixing-bowls" => |canvas| bowls(canvas, [TIDE, CHALK, SLATE]),
        "espresso-cups" => |canvas| cups(canvas, BISQUE, RUST, INK),
        "milk-jug" => milk_jug,
        "egg-cups" => egg_cups,
        _ => return None,
    })
}

fn bottle(canvas: &mut Canvas, glass: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 424.0), 54.0);
    Turned::closed(200.0, &[(92.0, 13.0), (112.0, 13.0)], OAK).draw(canvas);
    let profile = [
        (112.0, 19.0),
        (122.0, 17.0),
        (176.0, 17.0),
        (212.0, 36.0),
        (246.0, 54.0),
        (320.0, 58.0),
        (400.0, 56.0),
        (422.0, 50.0),
    ];
    Turned::closed(200.0, &profile, glass)
        .finish(Finish::Glaze(0.85))
        .draw(canvas);
}

fn pepper_mill(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    for (x, floor, size, wood) in [(152.0, 414.0, 0.86, OAK), (250.0, 424.0, 1.0, WALNUT)] {
        shadow(canvas, (x, floor), 46.0 * size);
        let knob = [(-286.0, 8.0), (-280.0, 14.0), (-270.0, 14.0), (-262.0, 9.0)];
        let body = [
            (-262.0, 18.0),
            (-244.0, 38.0),
            (-214.0, 40.0),
            (-190.0, 24.0),
            (-150.0, 22.0),
            (-100.0, 30.0),
            (-40.0, 42.0),
            (0.0, 44.0),
        ];
        let scaled = |(y, half): Point| (floor + y * size, half * size);
        let (knob, body) = (knob.map(scaled), body.map(scaled));
        Turned::closed(x, &body, wood)
            .finish(Finish::Glaze(0.5))
            .bands(&[ring(floor - 190.0 * size, wood), ring(floor - 44.0 * size, wood)])
            .draw(canvas);
        Turned::closed(x, &knob, Colour::hex(0x00b0_8a4a))
            .finish(Finish::Metal)
            .draw(canvas);
    }
}

fn ring(y: f32, wood: Colour) -> Band {
    Band::Line {
        y,
        width: 2.4,
        colour: wood.darker(0.5),
    }
}

fn mortar(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 92.0);
    let stone = Colour::hex(0x00b9_b6ae);
    let profile = [
        (272.0, 108.0),
        (292.0, 106.0),
        (340.0, 96.0),
        (380.0, 74.0),
        (398.0, 66.0),
        (420.0, 74.0),
    ];
    Turned::open(200.0, &profile, stone)
        .finish(Finish::Glaze(0.2))
        .draw(canvas);
    // The pestle leans on the rim.
    let shaft = Outline::from((206.0, 282.0)).line((292.0, 176.0));
    canvas.stroke(shaft.open(), 30.0, stone.darker(0.3));
    let lit = Outline::from((202.0, 278.0)).line((286.0, 174.0));
    canvas.stroke(lit.open(), 18.0, stone.lighter(0.3));
    let rim = Outline::from((92.0, 273.0)).bow((92.0, 273.0), (308.0, 273.0), 17.0);
    canvas.stroke(rim.open(), 5.0, stone.lighter(0.25));
}

/// A crock with a lid.
fn lidded(canvas: &mut Canvas, body: Colour, brush: Colour) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 96.0);
    let profile = [
        (246.0, 88.0),
        (262.0, 94.0),
        (330.0, 100.0),
        (392.0, 96.0),
        (420.0, 86.0),
    ];
    let line = |y: f32, width: f32| Band::Line {
        y,
        width,
        colour: brush,
    };
    let dots = Band::Leaves {
        y: 318.0,
        height: 15.0,
        count: 14,
        colour: brush,
    };
    Turned::closed(200.0, &profile, body)
        .finish(Finish::Glaze(0.65))
        .bands(&[line(282.0, 3.0), dots, line(350.0, 3.0), line(362.0, 7.0)])
        .draw(canvas);
    let lid = [
        (196.0, 20.0),
        (204.0, 52.0),
        (220.0, 80.0),
        (240.0, 94.0),
        (250.0, 94.0),
    ];
    Turned::closed(200.0, &lid, OAK)
        .finish(Finish::Glaze(0.3))
        .draw(canvas);
    let knob = [(168.0, 14.0), (174.0, 22.0), (188.0, 20.0), (200.0, 12.0)];
    Turned::closed(200.0, &knob, OAK.lighter(0.1))
        .finish(Finish::Glaze(0.4))
        .draw(canvas);
}

fn storage_jars(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    let jars = [
        (112.0, 412.0, 150.0, 46.0, OCHRE),
        (292.0, 414.0, 116.0, 44.0, CLAY),
        (204.0, 426.0, 208.0, 54.0, CHALK),
    ];
    for (x, floor, _, half, _) in jars {
        shadow(canvas, (x, floor), half);
    }
    for (x, floor, height, half, glaze) in jars {
        let top = floor - height;
        let profile = [
            (top, half * 0.86),
            (top + 10.0, half * 0.96),
            (top + height * 0.5, half),
            (floor - 12.0, half * 0.98),
            (floor, half * 0.88),
        ];
        Turned::closed(x, &profile, glaze)
            .finish(Finish::Glaze(0.6))
            .draw(canvas);
        let cork = [
            (top - 22.0, half * 0.74),
            (top - 18.0, half * 0.8),
            (top + 2.0, half * 0.8),
        ];
        Turned::closed(x, &cork, OAK.lighter(0.12))
            .finish(Finish::Glaze(0.1))
            .draw(canvas);
    }
}

fn utensil_crock(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 422.0), 76.0);
    let spoons = [
        (170.0, 118.0, 20.0, WALNUT),
        (212.0, 92.0, 24.0, OAK),
        (252.0, 128.0, 19.0, Colour::hex(0x009a_6a3e)),
    ];
    for (x, y, bowl, wood) in spoons {
        let handle = Outline::from((200.0 + (x - 200.0) * 0.25, 320.0)).line((x, y + 20.0));
        canvas.stroke(handle.open(), 9.0, wood.darker(0.12));
        let light = [(0.0, wood.lighter(0.35), 1.0), (1.0, wood.darker(0.25), 1.0)];
        canvas.fill(
            ellipse((x, y), (bowl, bowl * 1.4)),
            Ink::across(x - bowl, x + bowl, &light),
        );
    }
    let profile = [
        (238.0, 72.0),
        (250.0, 70.0),
        (330.0, 72.0),
        (400.0, 68.0),
        (422.0, 62.0),
    ];
    // The half of the rim that is behind the spoons was drawn with the mouth; what stands in it is before that.
    Turned::open(200.0, &profile, BISQUE)
        .finish(Finish::Glaze(0.5))
        .bands(&[Band::Field {
            top: 330.0,
            bottom: 440.0,
            colour: CLAY,
        }])
        .draw(canvas);
    for (x, y, _, wood) in spoons {
        let foot = 200.0 + (x - 200.0) * 0.52;
        let handle = Outline::from((foot, 244.0)).line((x, y + 20.0));
        canvas.stroke(handle.open(), 9.0, wood.darker(0.12));
    }
}

fn oak_slab(canvas: &mut Canvas) {
    Room::WALL.draw(canvas);
    let edge = || {
        Outline::from((176.0, 160.0))
            .line((176.0, 92.0))
            .curve((176.0, 56.0), (224.0, 56.0), (224.0, 92.0))
            .line((224.0, 160.0))
            .curve((300.0, 160.0), (316.0, 172.0), (316.0, 220.0))
            .line((316.0, 400.0))
            .curve((316.0, 436.0), (300.0, 446.0), (270.0, 446.0))
            .line((130.0, 446.0))
            .curve((100.0, 446.0), (84.0, 436.0), (84.0, 400.0))
            .line((84.0, 220.0))
            .curve((84.0, 172.0), (100.0, 160.0), (176.0, 160.0))
            .closed()
    };
    let cast = edge().and_then(|edge| edge.transform(tiny_skia::Transform::from_translate(14.0, 14.0)));
    shadow_on_wall(canvas, cast);
    let light = [
        (0.0, OAK.lighter(0.35), 1.0),
        (0.5, OAK, 1.0),
        (1.0, OAK.darker(0.22), 1.0),
    ];
    canvas.fill(edge(), Ink::between((84.0, 60.0), (316.0, 446.0), &light));
    canvas.within(edge(), |canvas| {
        for index in 0..19_u8 {
            let x = 80.0 + f32::from(index) * 13.0;
            let lean = f32::from(index * 7 % 5) - 2.0;
            let grain = Outline::from((x, 40.0)).curve(
                (x + lean * 4.0, 160.0),
                (x - lean * 5.0, 300.0),
                (x + lean * 2.0, 460.0),
            );
            let width = 0.8 + f32::from(index % 4) * 0.7;
            canvas.stroke(grain.open(), width, (WALNUT, 0.28));
        }
    });
    canvas.stroke(edge(), 1.6, (WALNUT, 0.5));
    canvas.fill(ellipse((200.0, 96.0), (10.0, 10.0)), Colour::hex(0x00d8_d2c6));
    canvas.stroke(ellipse((200.0, 96.0), (10.0, 10.0)), 1.6, (WALNUT, 0.7));
}

fn cake_stand(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (200.0, 420.0), 70.0);
    let foot = [
        (300.0, 22.0),
        (330.0, 16.0),
        (376.0, 20.0),
        (404.0, 48.0),
        (420.0, 62.0),
    ];
    Turned::closed(200.0, &foot, CHALK)
        .finish(Finish::Glaze(0.6))
        .draw(canvas);
    let top = [(272.0, 140.0), (284.0, 139.0), (296.0, 96.0), (306.0, 30.0)];
    Turned::open(200.0, &top, CHALK)
        .finish(Finish::Glaze(0.5))
        .inside(Colour::hex(0x00f6_f3ea))
        .tilt(0.12)
        .draw(canvas);
    let rim = ellipse((200.0, 272.0), (136.0, 14.5));
    canvas.stroke(rim, 3.0, (COBALT, 0.85));
    // A cake, so that one sees what it is for.
    let cake = [(214.0, 74.0), (222.0, 78.0), (268.0, 80.0)];
    Turned::closed(200.0, &cake, Colour::hex(0x00d9_a86a))
        .finish(Finish::Glaze(0.2))
        .bands(&[Band::Field {
            top: 180.0,
            bottom: 230.0,
            colour: Colour::hex(0x00f7_eedd),
        }])
        .draw(canvas);
    for (x, y) in [(170.0, 206.0), (194.0, 201.0), (220.0, 203.0), (238.0, 209.0)] {
        canvas.fill(ellipse((x, y), (8.0, 8.0)), Colour::hex(0x00a0_2c3c));
        canvas.fill(ellipse((x - 2.5, y - 2.5), (2.2, 2.2)), (CHALK, 0.7));
    }
}

fn milk_jug(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    shadow(canvas, (196.0, 420.0), 70.0);
    for (width, shade) in [(17.0, 0.28), (11.0, 0.06)] {
        let handle = Outline::from((252.0, 262.0)).curve((322.0, 250.0), (318.0, 366.0), (252.0, 372.0));
        canvas.stroke(handle.open(), width, CHALK.darker(shade));
    }
    let profile = [
        (232.0, 58.0),
        (246.0, 54.0),
        (286.0, 58.0),
        (340.0, 74.0),
        (392.0, 72.0),
        (420.0, 60.0),
    ];
    Turned::open(196.0, &profile, CHALK)
        .finish(Finish::Glaze(0.75))
        .bands(&[
            Band::Line {
                y: 262.0,
                width: 6.0,
                colour: RUST,
            },
            Band::Dots {
                y: 330.0,
                radius: 6.0,
                count: 11,
                colour: RUST,
            },
        ])
        .draw(canvas);
}

fn egg_cups(canvas: &mut Canvas) {
    Room::DAY.draw(canvas);
    let cups = [(112.0, 412.0, SAGE), (288.0, 412.0, OCHRE), (200.0, 426.0, TIDE)];
    for (x, floor, _) in cups {
        shadow(canvas, (x, floor), 38.0);
    }
    for (x, floor, glaze) in cups {
        let shell = Colour::hex(0x00e8_cfb4);
        let egg = [
            (-150.0, 8.0),
            (-144.0, 20.0),
            (-128.0, 32.0),
            (-104.0, 38.0),
            (-84.0, 36.0),
        ]
        .map(|(y, half)| (floor + y, half));
        Turned::closed(x, &egg, shell)
            .finish(Finish::Glaze(0.4))
            .draw(canvas);
        let cup = [
            (-92.0, 44.0),
            (-70.0, 42.0),
            (-48.0, 28.0),
            (-34.0, 14.0),
            (-18.0, 14.0),
            (-6.0, 32.0),
            (0.0, 36.0),
        ]
        .map(|(y, half)| (floor + y, half));
        Turned::closed(x, &cup, glaze)
            .finish(Finish::Glaze(0.65))
            .draw(canvas);
    }
}
