//! Products to try the API with, so that the first order can be placed before anything is entered.

use chrono::{DateTime, Utc};
use mintreu_kit::Tx;

use crate::money::Money;
use crate::product::{self, NewProduct};

/// SKU, name, description, price in minor units, stock.
const SAMPLES: [(&str, &str, &str, i64, i64); 8] = [
    ("FJ-204", "Wool blanket", "Undyed wool from Jämtland, woven double. 130 × 190 cm.", 12_900, 40),
    ("FJ-118", "Linen apron", "Heavy washed linen with two pockets and cross-back straps.", 5_400, 60),
    ("KT-031", "Enamel mug", "Steel under white enamel, 35 cl. At home by the fire and in the dishwasher.", 1_650, 250),
    ("KT-077", "Cast-iron pan", "26 cm, seasoned with linseed oil. Outlives its owner.", 6_900, 35),
    ("ST-412", "Dotted notebook", "A5, 192 pages of 90 g paper, thread-sewn so that it lies flat.", 1_890, 180),
    ("ST-450", "Brass pencil", "Takes 5.6 mm leads; three of them are included.", 3_200, 75),
    ("LT-009", "Desk lamp", "Spun aluminium shade on an oak foot, E27, 2 m of textile cable.", 14_500, 18),
    ("BG-300", "Canvas tote", "Waxed cotton, holds a week of groceries or a laptop and lunch.", 4_750, 90),
];

/// Adds those that are not there.
pub(super) async fn insert(tx: &mut Tx, currency: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    for (sku, name, description, amount, stock) in SAMPLES {
        let product = NewProduct {
            sku: sku.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            price: Money { amount, currency: currency.to_owned() },
            stock,
            active: true,
        };
        product::insert(tx, &product, now).await?;
    }
    Ok(())
}
