BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE change (
	stream TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	request TEXT NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	role TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY (stream, version), 
	UNIQUE ("key", stream)
)
 WITHOUT ROWID

;
INSERT INTO "change" VALUES('C',1,'b469a6ef1b178aa118d5a349221a47c8','387d53b3003a1665be87ada40f881f7887afe342ba868030897e7881fde4a0d7','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','c1b451c359df2c57d222e68405e9cbb348bf563ad1a5ce49aeac46f35ae0de45');
INSERT INTO "change" VALUES('P-0000000001',1,'released-1','905467c81ec4fc8d93118fa389e60018b6d0718896473536fa8153fa3b949340','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','86e809879b75ed4600b59e697deabead0731ec527fc06ae192f960c434c3cf68');
INSERT INTO "change" VALUES('P-0000000001',2,'released-2','217058f78151aace188638564b6ff161d28503d194973eebea18c6cbb77ba7ab','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','4298ba2a6d1db2fc032e6cec18fd2fe6f060aa76ef37b0ff7f377c1e80abbf6a');
INSERT INTO "change" VALUES('P-0000000001',3,'released-3','55a5ae57df3aed3f02cf257d99bc1e1f14f5022eb0f6f7e8cb61b13db82bfb08','2026-11-22T09:00:00.000000Z','nurse.1','nurse','a day later','aaf78d4b2dc1cf17a47777796ee1273222e24cd850e165b0d47ab2e857f9a82d');
INSERT INTO "change" VALUES('P-0000000001',4,'released-4','58fba578f58963367fdb41e1a0d3941a6d957620f6c347bebea36ed4a2206bba','2026-11-22T09:00:00.000000Z','nurse.1','nurse','entered wrongly','d086443d77950011550a658f09d4109957c1636775c497107940b73b91a7070e');
INSERT INTO "change" VALUES('P-0000000001',5,'released-6','c706a7dcc498de433847d4f08358910b71d360a077a218d488b5c111991ee594','2026-11-22T09:00:00.000000Z','doctor.1','prescriber','travels','1492bef3cb4180d628eeff13424fc64a415d2af93896d4581f64c2ad32442a0a');
INSERT INTO "change" VALUES('V-0000000001',1,'released-0','6367f8f35dfd5b7eb3b843a9c27e747d9f878ed0154a5e819ac54d34c91ddf9d','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','f4e03eccc09e8a21af1699a4c55f29f4aa2151a1d0b1459385e88976b1f624f0');
INSERT INTO "change" VALUES('V-0000000001',2,'released-1','905467c81ec4fc8d93118fa389e60018b6d0718896473536fa8153fa3b949340','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','3b085001c22838a2db20693b6981642713fbee38595d0d182842a8d6fb74e36d');
CREATE TABLE event (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	role TEXT NOT NULL, 
	action TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "event" VALUES(1,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','C',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','c1b451c359df2c57d222e68405e9cbb348bf563ad1a5ce49aeac46f35ae0de45','','','32197c913c40ff1da396c2f935fa5aa40758cdb1c774c0dc7a6c44fe9a2b7369');
INSERT INTO "event" VALUES(2,'2026-11-22T09:00:00.000000Z','thecal','admin','checkpoint','*',0,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','','f7e03e2e8c582450b073cba4d9bd7bd0edce08daa6a37467878d1f263bcb92da eb0c1d172baed4d006de3b2973a2a4d4f105864119fa02bddae5d635d6fe489026a2f7b782aad6d6e0fe066e131fbc5b7554ee39c8968ea89569fc1bcd20ab0b','137ea193ca2ba9e70baacfe0d202c6e133207f8116e7c84f78acd03cb09a4d4d');
INSERT INTO "event" VALUES(3,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','V-0000000001',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','f4e03eccc09e8a21af1699a4c55f29f4aa2151a1d0b1459385e88976b1f624f0','','','f9987d7e6b6d7df2a22a9832d010bac866b0c759e920e17e4e782a19889c6142');
INSERT INTO "event" VALUES(4,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','86e809879b75ed4600b59e697deabead0731ec527fc06ae192f960c434c3cf68','','','b9714a697475793d927ca263ce6a8dd4558544737b18e79205cb4bf4b7ee47b5');
INSERT INTO "event" VALUES(5,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','V-0000000001',2,'f4e03eccc09e8a21af1699a4c55f29f4aa2151a1d0b1459385e88976b1f624f0','3b085001c22838a2db20693b6981642713fbee38595d0d182842a8d6fb74e36d','','','32e65415b662267825de2a2a5fa0e37853a22449f7d2c66dffd2b8a96c076b5f');
INSERT INTO "event" VALUES(6,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',2,'86e809879b75ed4600b59e697deabead0731ec527fc06ae192f960c434c3cf68','4298ba2a6d1db2fc032e6cec18fd2fe6f060aa76ef37b0ff7f377c1e80abbf6a','','','7f930f6250b5848583a48c478f9172376433b1f1934d84183e917a64dfbf2eb4');
INSERT INTO "event" VALUES(7,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',3,'4298ba2a6d1db2fc032e6cec18fd2fe6f060aa76ef37b0ff7f377c1e80abbf6a','aaf78d4b2dc1cf17a47777796ee1273222e24cd850e165b0d47ab2e857f9a82d','a day later','','60f7a5514aa0fe77419593a38d12a6c38c1fa5a4c199186e1123d391435e8321');
INSERT INTO "event" VALUES(8,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',4,'aaf78d4b2dc1cf17a47777796ee1273222e24cd850e165b0d47ab2e857f9a82d','d086443d77950011550a658f09d4109957c1636775c497107940b73b91a7070e','entered wrongly','','4d855169e9bcb16f09de18df35b515663733f7abbb11544ddb899e395ce07fed');
INSERT INTO "event" VALUES(9,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','refuse','P-0000000001',4,'d086443d77950011550a658f09d4109957c1636775c497107940b73b91a7070e','d086443d77950011550a658f09d4109957c1636775c497107940b73b91a7070e','','dose','551abcb22c3ceed6cbfe7ad305ab4ceb7d492371e89748728943d56f5d80cc62');
INSERT INTO "event" VALUES(10,'2026-11-22T09:00:00.000000Z','doctor.1','prescriber','write','P-0000000001',5,'d086443d77950011550a658f09d4109957c1636775c497107940b73b91a7070e','1492bef3cb4180d628eeff13424fc64a415d2af93896d4581f64c2ad32442a0a','travels','','e299e17a09f9b9b877b3017bc13be17569276419075cfe87dcac9b7325f33721');
INSERT INTO "event" VALUES(11,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','read','P-0000000001',5,'1492bef3cb4180d628eeff13424fc64a415d2af93896d4581f64c2ad32442a0a','1492bef3cb4180d628eeff13424fc64a415d2af93896d4581f64c2ad32442a0a','a look','','3edc62e0c3829250fecbbed84bf8f961041aa54e0d069725b26dbe94ea30cef7');
CREATE TABLE fact (
	stream TEXT NOT NULL, 
	fact TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	change INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (stream, fact, version), 
	UNIQUE (stream, change, place), 
	FOREIGN KEY(stream, change) REFERENCES change (stream, version)
)
 WITHOUT ROWID

;
INSERT INTO "fact" VALUES('C','1.1',1,1,1,'record','{"id":"b469a6ef1b178aa118d5a349221a47c8"}');
INSERT INTO "fact" VALUES('P-0000000001','1.1',1,1,1,'plan','{"jurisdiction":"us","medicine":"tofersen"}');
INSERT INTO "fact" VALUES('P-0000000001','1.2',1,1,2,'dose','{"amount_mg":100,"date":"2026-01-05","route":"intrathecal","vial":"V-0000000001"}');
INSERT INTO "fact" VALUES('P-0000000001','2.1',1,2,1,'dose','{"amount_mg":100,"date":"2026-01-19","route":"intrathecal"}');
INSERT INTO "fact" VALUES('P-0000000001','2.1',2,3,1,'dose','{"amount_mg":100,"date":"2026-01-20","route":"intrathecal"}');
INSERT INTO "fact" VALUES('P-0000000001','2.2',1,2,2,'note','{"text":"zwei Zeilen,\nmit ''Zeichen'' \"ü\" ß €"}');
INSERT INTO "fact" VALUES('P-0000000001','2.2',2,4,1,'note','null');
INSERT INTO "fact" VALUES('P-0000000001','5.1',1,5,1,'dose','{"amount_mg":100,"date":"2026-01-30","route":"intrathecal"}');
INSERT INTO "fact" VALUES('P-0000000001','5.2',1,5,2,'override','{"of":["dose.too_close"],"reason":"travels"}');
INSERT INTO "fact" VALUES('V-0000000001','1.1',1,1,1,'vial','{"expiry":"2030-01-01","lot":"L1"}');
INSERT INTO "fact" VALUES('V-0000000001','2.1',1,2,1,'vial_used','{"change":1,"patient":"P-0000000001"}');
CREATE INDEX event_stream ON event (stream, seq);
CREATE TRIGGER change_no_update BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER change_no_delete BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER change_no_replace_0 BEFORE INSERT ON change WHEN EXISTS (SELECT 1 FROM change WHERE "stream" = NEW."stream" AND "version" = NEW."version") BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER change_no_replace_1 BEFORE INSERT ON change WHEN EXISTS (SELECT 1 FROM change WHERE "key" = NEW."key" AND "stream" = NEW."stream") BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER fact_no_replace_0 BEFORE INSERT ON fact WHEN EXISTS (SELECT 1 FROM fact WHERE "stream" = NEW."stream" AND "fact" = NEW."fact" AND "version" = NEW."version") BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER fact_no_replace_1 BEFORE INSERT ON fact WHEN EXISTS (SELECT 1 FROM fact WHERE "stream" = NEW."stream" AND "change" = NEW."change" AND "place" = NEW."place") BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
CREATE TRIGGER event_no_replace_0 BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'rows of the record are only ever added'); END;
COMMIT;
