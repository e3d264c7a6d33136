-- Nothing ever used it: whoever waits for a moment keeps that with what it waits for.
DROP TABLE timers;
