//! Orders, and the saga that carries them from the stock to the customer.
