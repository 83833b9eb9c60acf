-- Who alone calls the customer back, and in which time zone that was agreed.
ALTER TABLE call_dispositions ADD COLUMN callback_agent TEXT;
ALTER TABLE call_dispositions ADD COLUMN callback_zone TEXT;
