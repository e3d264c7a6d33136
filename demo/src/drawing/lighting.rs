//! Lamps and candlesticks.

use super::Drawing;
use super::canvas::{Canvas, Ink};
use super::colour::Colour;
use super::colour::palette::{BRASS, CHALK, CLAY, INK, OLIVE, SLATE, WALNUT};
use super::lathe::{Band, Finish, Turned};
use super::outline::{Outline, Point, ellipse, rectangle};
use super::scene::{Room, glow, shadow};

/// The light itself, and what it makes of a shade.
const LIGHT: Colour = Colour::hex(0x00ff_f4d6);
const WARM: Colour = Colour::hex(0x00ff_e3a0);
const BEAM: Colour = Colour::hex(0x00ff_e7ae);

/// How a thing of this slug is drawn.
pub(super) fn find(slug: &str) -> Option<Drawing> {
    Some(match slug {
        "dome-table-lamp" => |canvas| dome(canvas, Colour::hex(0x00e6_dcc6), BRASS),
        "dome-table-lamp/iron" => |canvas| dome(canvas, INK, BRASS),
        "pebble-lamp" => |canvas| pebble(canvas, CHALK),
        "terracotta-lamp" => |canvas| pebble(canvas, CLAY),
        "forge-pendant" => |canvas| pendant(canvas, INK),
        "chalk-pendant" => |canvas| pendant(canvas, Colour::hex(0x00e9_e4d8)),
        "olive-pendant" => |canvas| pendant(canvas, OLIVE),
        "paper-lantern" => lantern,
        "tripod-lamp" => |canvas| tripod(canvas, Colour::hex(0x00f3_ebda)),
        "reading-lamp" => |canvas| dome(canvas, OLIVE, SLATE),
        "brass-candlesticks" => |canvas| candlesticks(canvas, BRASS),
        "iron-candlesticks" => |canvas| candlesticks(canvas, Colour::hex(0x0055_524d)),
        _ => return None,
    })
}

fn dome(canvas: &mut Canvas, shade: Colour, metal: Colour) {
    Room::EVENING.draw(canvas);
    glow(canvas, (200.0, 250.0), (230.0, 190.0));
    shadow(canvas, (200.0, 424.0), 72.0);
    Turned::closed(200.0, &[(242.0, 7.0), (400.0, 7.0)], metal)
        .finish(Finish::Metal)
        .draw(canvas);
    let foot = [(394.0, 12.0), (404.0, 40.0), (414.0, 66.0), (424.0, 68.0)];
    Turned::closed(200.0, &foot, metal)
        .finish(Finish::Metal)
        .draw(canvas);
    let profile = [
        (128.0, 26.0),
        (138.0, 62.0),
        (164.0, 98.0),
        (202.0, 120.0),
        (246.0, 126.0),
    ];
    Turned::closed(200.0, &profile, shade)
        .finish(Finish::Glaze(0.3))
        .draw(canvas);
    canvas.fill(ellipse((200.0, 247.0), (124.0, 13.0)), LIGHT);
    canvas.fill(ellipse((200.0, 248.0), (92.0, 8.0)), WARM);
}

/// A drum of linen on a round foot of clay.
fn pebble(canvas: &mut Canvas, body: Colour) {
    Room::EVENING.draw(canvas);
    glow(canvas, (200.0, 200.0), (230.0, 210.0));
    shadow(canvas, (200.0, 422.0), 84.0);
    Turned::closed(200.0, &[(262.0, 9.0), (300.0, 9.0)], BRASS)
        .finish(Finish::Metal)
        .draw(canvas);
    let foot = [
        (294.0, 16.0),
        (304.0, 50.0),
        (336.0, 88.0),
        (372.0, 92.0),
        (404.0, 76.0),
        (422.0, 58.0),
    ];
    Turned::closed(200.0, &foot, body)
        .finish(Finish::Glaze(0.5))
        .draw(canvas);
    linen(canvas, &[(110.0, 82.0), (266.0, 112.0)]);
}

/// A shade of linen, lit from within.
fn linen(canvas: &mut Canvas, profile: &[Point]) {
    Turned::open(200.0, profile, Colour::hex(0x00f0_e3c8))
        .finish(Finish::Glaze(0.2))
        .inside(WARM)
        .tilt(0.1)
        .draw(canvas);
    let (Some(top), Some(end)) = (profile.first(), profile.last()) else {
        return;
    };
    let lit = [(0.0, WARM, 0.05), (0.55, WARM, 0.62), (1.0, WARM, 0.15)];
    let side = Outline::from((200.0 - top.1, top.0))
        .line((200.0 + top.1, top.0))
        .line((200.0 + end.1, end.0))
        .line((200.0 - end.1, end.0));
    canvas.fill(side.closed(), Ink::down(top.0, end.0, &lit));
}

fn pendant(canvas: &mut Canvas, shade: Colour) {
    Room::EVENING_WALL.draw(canvas);
    let beam = Outline::from((92.0, 288.0))
        .line((10.0, 500.0))
        .line((390.0, 500.0))
        .line((308.0, 288.0));
    let light = [(0.0, BEAM, 0.42), (1.0, BEAM, 0.0)];
    canvas.fill(beam.closed(), Ink::down(288.0, 500.0, &light));
    cord(canvas, 152.0);
    Turned::closed(200.0, &[(146.0, 9.0), (170.0, 11.0)], BRASS)
        .finish(Finish::Metal)
        .draw(canvas);
    let profile = [
        (168.0, 22.0),
        (186.0, 44.0),
        (222.0, 84.0),
        (262.0, 106.0),
        (288.0, 110.0),
    ];
    Turned::closed(200.0, &profile, shade)
        .finish(Finish::Glaze(0.5))
        .draw(canvas);
    canvas.fill(ellipse((200.0, 289.0), (108.0, 12.0)), Colour::hex(0x00f7_dfa6));
    canvas.fill(ellipse((200.0, 291.0), (58.0, 6.0)), LIGHT);
}

fn cord(canvas: &mut Canvas, end: f32) {
    canvas.fill(rectangle((198.4, 0.0), (3.2, end)), Colour::hex(0x003a_342c));
}

fn lantern(canvas: &mut Canvas) {
    Room::EVENING_WALL.draw(canvas);
    glow(canvas, (200.0, 258.0), (250.0, 230.0));
    cord(canvas, 140.0);
    let profile = [
        (138.0, 30.0),
        (150.0, 62.0),
        (184.0, 104.0),
        (230.0, 126.0),
        (276.0, 128.0),
        (324.0, 110.0),
        (360.0, 70.0),
        (374.0, 34.0),
    ];
    let paper = Colour::hex(0x00f4_ead4);
    let ribs: Vec<Band> = (0..13_u8)
        .map(|rib| Band::Line {
            y: 132.0 + f32::from(rib) * 18.0,
            width: 1.4,
            colour: paper.darker(0.2),
        })
        .collect();
    Turned::closed(200.0, &profile, paper)
        .finish(Finish::Glaze(0.1))
        .tilt(0.08)
        .bands(&ribs)
        .draw(canvas);
    let lit = [(0.0, LIGHT, 0.85), (0.5, WARM, 0.4), (1.0, WARM, 0.0)];
    canvas.fill(
        ellipse((200.0, 262.0), (128.0, 118.0)),
        Ink::around((200.0, 270.0), (128.0, 118.0), &lit),
    );
}

fn tripod(canvas: &mut Canvas, shade: Colour) {
    Room::EVENING.draw(canvas);
    glow(canvas, (200.0, 170.0), (210.0, 210.0));
    shadow(canvas, (200.0, 450.0), 66.0);
    for (foot, floor) in [(-46.0, 452.0), (46.0, 452.0), (6.0, 440.0)] {
        let leg = |shift: f32| {
            Outline::from((200.0 + foot * 0.15 + shift, 250.0)).line((200.0 + foot + shift, floor))
        };
        canvas.stroke(leg(0.0).open(), 6.5, WALNUT);
        canvas.stroke(leg(-2.0).open(), 2.0, Colour::hex(0x00b0_7f50));
    }
    let profile = [
        (76.0, 66.0),
        (120.0, 88.0),
        (172.0, 94.0),
        (224.0, 84.0),
        (262.0, 62.0),
    ];
    let ribs: Vec<Band> = (0..11_u8)
        .map(|rib| Band::Line {
            y: 70.0 + f32::from(rib) * 16.6,
            width: 1.4,
            colour: shade.darker(0.16),
        })
        .collect();
    Turned::closed(200.0, &profile, shade)
        .finish(Finish::Glaze(0.2))
        .bands(&ribs)
        .draw(canvas);
    let lit = [(0.0, LIGHT, 0.8), (0.6, WARM, 0.3), (1.0, WARM, 0.0)];
    canvas.fill(
        ellipse((200.0, 172.0), (92.0, 92.0)),
        Ink::around((200.0, 180.0), (92.0, 92.0), &lit),
    );
}

fn candlesticks(canvas: &mut Canvas, metal: Colour) {
    Room::DAY.draw(canvas);
    let sticks = [
        (128.0, 250.0, 416.0),
        (214.0, 196.0, 424.0),
        (296.0, 290.0, 418.0),
    ];
    for (x, _, floor) in sticks {
        shadow(canvas, (x, floor), 38.0);
    }
    for (x, top, floor) in sticks {
        Turned::closed(x, &[(top - 110.0, 8.0), (top, 8.0)], Colour::hex(0x00f1_ecdf))
            .finish(Finish::Glaze(0.2))
            .draw(canvas);
        let wick = Outline::from((x, top - 112.0)).line((x, top - 121.0));
        canvas.stroke(wick.open(), 2.0, Colour::hex(0x003a_2c1c));
        let profile = [
            (top - 4.0, 15.0),
            (top + 6.0, 13.0),
            (top + 18.0, 7.0),
            (floor - 40.0, 6.0),
            (floor - 22.0, 10.0),
            (floor - 8.0, 34.0),
            (floor, 36.0),
        ];
        Turned::closed(x, &profile, metal)
            .finish(Finish::Metal)
            .draw(canvas);
    }
}
