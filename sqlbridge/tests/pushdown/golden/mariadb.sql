WITH `rxdf0` AS (SELECT * FROM `dbo`.`my table` AS `rxdf` WHERE (`flag` <> 0 AND (DATEDIFF(`on`, '1970-01-01') + 0e0) >= 1.8292e4 AND CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin IN ('Mon''day'))),
`rxdf1` AS (SELECT `y`, `n`, `flag`, `on`, `day`, `times`, ((LN(CASE WHEN (`n` + 0e0) > 0e0 THEN (`n` + 0e0) END) / 2e0) - ((CASE WHEN (`y` + 0e0) < (-7e2) THEN 0e0 WHEN (`y` + 0e0) <= 7.09e2 THEN EXP((`y` + 0e0)) END) * SQRT(CASE WHEN (`n` + 0e0) >= 0e0 THEN (`n` + 0e0) END))) AS `scaled` FROM `rxdf0`),
`rxdf2` AS (SELECT (`y` + 0e0) AS `v0`, `scaled` AS `v1`, CASE WHEN CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin = 'Mon''day' THEN 0e0 WHEN CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin = 'Tue]s"d`ay' THEN 1e0 END AS `v2`, CASE WHEN FLOOR((`n` + 0e0)) < 1e0 THEN (NULL + 0e0) WHEN FLOOR((`n` + 0e0)) > 9e0 THEN (NULL + 0e0) ELSE (FLOOR((`n` + 0e0)) - 1e0) END AS `v3`, (`times` + 0e0) AS `wf` FROM `rxdf1` LIMIT 18446744073709551615),
`rxdf3` AS (SELECT `rxdf2`.*, CASE WHEN (`v0` IS NOT NULL AND `v1` IS NOT NULL AND `v2` IS NOT NULL AND `v3` IS NOT NULL AND `wf` IS NOT NULL) THEN 1e0 ELSE 0e0 END AS `counts` FROM `rxdf2`)
SELECT COUNT(*) AS `s0`, SUM(`counts`) AS `s1`, SUM(CASE WHEN `counts` = 1e0 THEN CASE WHEN `wf` > 0e0 THEN `wf` ELSE 0e0 END END) AS `s2`, MIN(CASE WHEN `counts` = 1e0 THEN `wf` END) AS `s3`, MAX(CASE WHEN `counts` = 1e0 THEN `wf` END) AS `s4`, MAX(CASE WHEN `counts` = 1e0 THEN (`wf` - FLOOR(`wf`)) END) AS `s5`, SUM(CASE WHEN `counts` = 1e0 THEN `v1` END) AS `s6`, SUM(CASE WHEN `counts` = 1e0 THEN `v0` END) AS `s7`
FROM `rxdf3`;

WITH `rxdf0` AS (SELECT * FROM `dbo`.`my table` AS `rxdf` WHERE (`flag` <> 0 AND (DATEDIFF(`on`, '1970-01-01') + 0e0) >= 1.8292e4 AND CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin IN ('Mon''day'))),
`rxdf1` AS (SELECT `y`, `n`, `flag`, `on`, `day`, `times`, ((LN(CASE WHEN (`n` + 0e0) > 0e0 THEN (`n` + 0e0) END) / 2e0) - ((CASE WHEN (`y` + 0e0) < (-7e2) THEN 0e0 WHEN (`y` + 0e0) <= 7.09e2 THEN EXP((`y` + 0e0)) END) * SQRT(CASE WHEN (`n` + 0e0) >= 0e0 THEN (`n` + 0e0) END))) AS `scaled` FROM `rxdf0`),
`rxdf2` AS (SELECT (`y` + 0e0) AS `v0`, `scaled` AS `v1`, CASE WHEN CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin = 'Mon''day' THEN 0e0 WHEN CONVERT(`day` USING utf8mb4) COLLATE utf8mb4_bin = 'Tue]s"d`ay' THEN 1e0 END AS `v2`, CASE WHEN FLOOR((`n` + 0e0)) < 1e0 THEN (NULL + 0e0) WHEN FLOOR((`n` + 0e0)) > 9e0 THEN (NULL + 0e0) ELSE (FLOOR((`n` + 0e0)) - 1e0) END AS `v3`, (`times` + 0e0) AS `wf` FROM `rxdf1` LIMIT 18446744073709551615),
`rxdf3` AS (SELECT * FROM `rxdf2` WHERE (`v0` IS NOT NULL AND `v1` IS NOT NULL AND `v2` IS NOT NULL AND `v3` IS NOT NULL AND `wf` IS NOT NULL)),
`rxdf4` AS (SELECT `rxdf3`.*, `v1` AS `x0`, `v0` AS `x1` FROM `rxdf3`)
SELECT `v2`, `v3`, SUM(`wf`) AS `s0`, SUM((`wf` * `x0`)) AS `s1`, SUM((`wf` * `x1`)) AS `s2`, SUM((`wf` * (`x0` * `x0`))) AS `s3`, SUM((`wf` * (`x0` * `x1`))) AS `s4`, SUM((`wf` * (`x1` * `x1`))) AS `s5`
FROM `rxdf4`
GROUP BY `v2`, `v3`;
