mod book;
mod issuer;
mod room;
mod site;
mod whole;
