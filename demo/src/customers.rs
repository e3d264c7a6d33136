//! Who buys in the shop, and who works in it. Nobody of them exists: the addresses are those of `example.com`, which
//! belong to nobody (RFC 2606).

use serde_json::{Value, json};

/// Somebody with an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Customer {
    pub username: &'static str,
    pub name: &'static str,
    /// Street and number, city, postal code, country.
    pub address: (&'static str, &'static str, &'static str, &'static str),
    pub bio: &'static str,
}

impl Customer {
    pub(crate) fn email(self) -> String {
        format!("{}@example.com", self.username)
    }

    /// As an order takes it.
    pub(crate) fn shipping_address(self) -> Value {
        let (line1, city, postal_code, country) = self.address;
        json!({
            "name": self.name, "line1": line1, "city": city, "postal_code": postal_code, "country": country
        })
    }
}

/// Whom the shop belongs to, where it is made here.
pub const ADMIN: &str = "admin";

/// Who packs the parcels.
pub(crate) const STAFF: Customer = Customer {
    username: "nora",
    name: "Nora Feld",
    address: ("Fischmarkt 4", "Hamburg", "22767", "DE"),
    bio: "Packs, ships and answers the telephone.",
};

/// In the order in which they come.
pub(crate) const CUSTOMERS: [Customer; 14] = [
    customer(
        "mara",
        "Mara Lindqvist",
        ("Hornsgatan 41", "Stockholm", "118 49", "SE"),
    ),
    customer(
        "jonas",
        "Jonas Weber",
        ("Oranienstraße 18", "Berlin", "10999", "DE"),
    ),
    customer(
        "chiara",
        "Chiara Conti",
        ("Via dei Neri 22", "Firenze", "50122", "IT"),
    ),
    customer(
        "tom",
        "Tom Okafor",
        ("14 Leith Walk", "Edinburgh", "EH6 5AA", "GB"),
    ),
    customer(
        "anouk",
        "Anouk de Vries",
        ("Prinsengracht 263", "Amsterdam", "1016 GV", "NL"),
    ),
    customer(
        "pavel",
        "Pavel Novák",
        ("Vinohradská 88", "Praha", "130 00", "CZ"),
    ),
    customer(
        "ines",
        "Inês Carvalho",
        ("Rua da Rosa 57", "Lisboa", "1200-384", "PT"),
    ),
    customer(
        "elif",
        "Elif Demir",
        ("Mariahilfer Straße 9", "Wien", "1060", "AT"),
    ),
    customer(
        "luc",
        "Luc Martin",
        ("12 rue des Martyrs", "Paris", "75009", "FR"),
    ),
    customer(
        "saoirse",
        "Saoirse Byrne",
        ("3 Fade Street", "Dublin", "D02 HK58", "IE"),
    ),
    customer(
        "mikkel",
        "Mikkel Holm",
        ("Jægersborggade 7", "København", "2200", "DK"),
    ),
    customer(
        "zofia",
        "Zofia Mazur",
        ("Ząbkowska 31", "Warszawa", "03-736", "PL"),
    ),
    customer(
        "hugo",
        "Hugo Peeters",
        ("Dansaertstraat 60", "Brussel", "1000", "BE"),
    ),
    customer(
        "aino",
        "Aino Virtanen",
        ("Fredrikinkatu 12", "Helsinki", "00120", "FI"),
    ),
];

const fn customer(
    username: &'static str,
    name: &'static str,
    address: (&'static str, &'static str, &'static str, &'static str),
) -> Customer {
    Customer {
        username,
        name,
        address,
        bio: "A customer of the demo shop.",
    }
}
