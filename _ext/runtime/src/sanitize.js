// A description is plain text in this book: what looks like HTML is shown as it is written.
export default (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
