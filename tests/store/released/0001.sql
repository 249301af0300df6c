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
INSERT INTO "change" VALUES('C',1,'032539c5178443aa9fb880a33959e45f','e0c6df0a318e588260182654a58aae9e9ec133a8d8f735953fb3b97ab683e617','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','19609587eb69756adaa614ac7c9b2506b95681c83052b24eb423f201c3a68e3e');
INSERT INTO "change" VALUES('P-0000000001',1,'released-1','905467c81ec4fc8d93118fa389e60018b6d0718896473536fa8153fa3b949340','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','6faeb27c380c41fc3c7f6056f68a13aa3889ca6901781067535640af57d0a9c8');
INSERT INTO "change" VALUES('P-0000000001',2,'released-2','217058f78151aace188638564b6ff161d28503d194973eebea18c6cbb77ba7ab','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','ec581f6c03985aee7e0e268f8e25c437e3f8380facb312c79c5b75feb1b0c8f7');
INSERT INTO "change" VALUES('P-0000000001',3,'released-3','55a5ae57df3aed3f02cf257d99bc1e1f14f5022eb0f6f7e8cb61b13db82bfb08','2026-11-22T09:00:00.000000Z','nurse.1','nurse','a day later','fd38b6e8059cd1a479976a890e04ee07673aae037b9661af5bf8d71d1458e815');
INSERT INTO "change" VALUES('P-0000000001',4,'released-4','58fba578f58963367fdb41e1a0d3941a6d957620f6c347bebea36ed4a2206bba','2026-11-22T09:00:00.000000Z','nurse.1','nurse','entered wrongly','bc3d290b52b7a54bc1134c7fc3798cf1ed33a9870130fdb810ba5e69c1762426');
INSERT INTO "change" VALUES('P-0000000001',5,'released-6','c706a7dcc498de433847d4f08358910b71d360a077a218d488b5c111991ee594','2026-11-22T09:00:00.000000Z','doctor.1','prescriber','travels','1d6c25bb706d0d8383251ef783625a955a225e3695c8d354df1af7c7eb711443');
INSERT INTO "change" VALUES('V-0000000001',1,'released-0','6367f8f35dfd5b7eb3b843a9c27e747d9f878ed0154a5e819ac54d34c91ddf9d','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','9ab19806ad89759c0d28355b214c67681bfe7cf57f2a788440be004c6d4d4ab7');
INSERT INTO "change" VALUES('V-0000000001',2,'released-1','905467c81ec4fc8d93118fa389e60018b6d0718896473536fa8153fa3b949340','2026-11-22T09:00:00.000000Z','nurse.1','nurse','','4fe5341a734f37779c6f09d819dd636b15efa192f5994a3e0be0b748046302f2');
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
INSERT INTO "event" VALUES(1,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','C',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','19609587eb69756adaa614ac7c9b2506b95681c83052b24eb423f201c3a68e3e','','','26e90819f5c0dea2942f30ba5c8fb9e61bc58a3325a1fe41f46fa4668db016f2');
INSERT INTO "event" VALUES(2,'2026-11-22T09:00:00.000000Z','thecal','admin','checkpoint','*',0,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','','cab8b3e61df00641809a0bd2dd769328daee5c8a0794494c59d5f4c69a36d036 403cdd4fb2ccf82cfbac4f47945ebc54f1c21699f931179d14bd11130a3f546a28bfbd8d3f0851c8fc6c15992cc81717fd99f6fad663425f7d8bf2ba081ce706','d2d0fb4376425c715ee05056a0fc1c0e9fb3dab30f6f13b1e2e458e137a57887');
INSERT INTO "event" VALUES(3,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','V-0000000001',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','9ab19806ad89759c0d28355b214c67681bfe7cf57f2a788440be004c6d4d4ab7','','','a74c9196367b8feb5a3dee3437058f0a61c1b32a7bfb1c0337002241a6177774');
INSERT INTO "event" VALUES(4,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',1,'6b84fb2c09ac8aaf56c2738fc1e2aa0f395033b342ce8fadda9ec77d884bbd1f','6faeb27c380c41fc3c7f6056f68a13aa3889ca6901781067535640af57d0a9c8','','','245590989fa04a1085fbb407d7fff82adda4a9953cc502070c742229737d6c4a');
INSERT INTO "event" VALUES(5,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','V-0000000001',2,'9ab19806ad89759c0d28355b214c67681bfe7cf57f2a788440be004c6d4d4ab7','4fe5341a734f37779c6f09d819dd636b15efa192f5994a3e0be0b748046302f2','','','ec23128440c9fd391ef8739ef5d1e96fd4bdaaf6da19872f9dc5cbc1512c4680');
INSERT INTO "event" VALUES(6,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',2,'6faeb27c380c41fc3c7f6056f68a13aa3889ca6901781067535640af57d0a9c8','ec581f6c03985aee7e0e268f8e25c437e3f8380facb312c79c5b75feb1b0c8f7','','','597ad061c250771f1628a3db0fbbe2ca58cc7cca420cb772e7ca79c8ee79cb20');
INSERT INTO "event" VALUES(7,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',3,'ec581f6c03985aee7e0e268f8e25c437e3f8380facb312c79c5b75feb1b0c8f7','fd38b6e8059cd1a479976a890e04ee07673aae037b9661af5bf8d71d1458e815','a day later','','c9cb44e55a1eace55cfcd3c74959d894637043f48b657aa56574270a9cd6bd80');
INSERT INTO "event" VALUES(8,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','write','P-0000000001',4,'fd38b6e8059cd1a479976a890e04ee07673aae037b9661af5bf8d71d1458e815','bc3d290b52b7a54bc1134c7fc3798cf1ed33a9870130fdb810ba5e69c1762426','entered wrongly','','45bf0cb57d50f92f5e268db27b39cccebda83cedbc67fb46cce0465a71c2c170');
INSERT INTO "event" VALUES(9,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','refuse','P-0000000001',4,'bc3d290b52b7a54bc1134c7fc3798cf1ed33a9870130fdb810ba5e69c1762426','bc3d290b52b7a54bc1134c7fc3798cf1ed33a9870130fdb810ba5e69c1762426','','dose','2f0b5c7de73d52c8a81d220c09e7e80a86e2fbdec95c7604390ec0bd498cc7fb');
INSERT INTO "event" VALUES(10,'2026-11-22T09:00:00.000000Z','doctor.1','prescriber','write','P-0000000001',5,'bc3d290b52b7a54bc1134c7fc3798cf1ed33a9870130fdb810ba5e69c1762426','1d6c25bb706d0d8383251ef783625a955a225e3695c8d354df1af7c7eb711443','travels','','67fa6ee0faf4dda345ad6c86449244ab1977dd667c29b461a8948e0d99463d9d');
INSERT INTO "event" VALUES(11,'2026-11-22T09:00:00.000000Z','nurse.1','nurse','read','P-0000000001',5,'1d6c25bb706d0d8383251ef783625a955a225e3695c8d354df1af7c7eb711443','1d6c25bb706d0d8383251ef783625a955a225e3695c8d354df1af7c7eb711443','a look','','288de3578f5b43ab24d7f5b3f4fff0df47923b1bdf424697f3482f397a59ba71');
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
INSERT INTO "fact" VALUES('C','1.1',1,1,1,'record','{"id":"032539c5178443aa9fb880a33959e45f"}');
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
